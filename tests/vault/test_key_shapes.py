import pytest

from vault import key_shapes

PUBLISHABLE, SECRET, RESTRICTED = "pk_test_51Abc", "sk_test_51Abc", "rk_live_51Abc"
ORGANISATION, WEBHOOK, HMS = "sk_org_live_51Abc", "whsec_AbcdEfgh12", "fl_live_0123abcd"
CHECKS = {
    "publishable_key": (key_shapes.check_publishable, [PUBLISHABLE]),
    "secret_key": (key_shapes.check_secret, [SECRET, RESTRICTED]),
    "webhook_secret": (key_shapes.check_webhook_secret, [WEBHOOK]),
    "api_key": (key_shapes.check_hms, [HMS]),
}
EVERYTHING = [
    PUBLISHABLE,
    SECRET,
    RESTRICTED,
    ORGANISATION,
    WEBHOOK,
    HMS,
    "hello",
    "",
    "sk_test_",
    "sk_test_5 1",
    "é" * 9,
]


@pytest.mark.parametrize("field", CHECKS)
@pytest.mark.parametrize("pasted", EVERYTHING)
def test_each_field_takes_its_own_keys_and_names_every_other(field: str, pasted: str) -> None:
    check, own = CHECKS[field]
    if pasted in own:
        check(pasted)
        return
    with pytest.raises(key_shapes.WrongKey) as refused:
        check(pasted)
    assert refused.value.field == field
    assert refused.value.sentence.endswith(".")
    assert len(pasted) < 9 or pasted not in refused.value.sentence


@pytest.mark.parametrize(
    ("check", "pasted", "words"),
    [
        (key_shapes.check_secret, PUBLISHABLE, "This is the publishable key"),
        (key_shapes.check_publishable, SECRET, "This is a secret key"),
        (key_shapes.check_secret, ORGANISATION, "organisation"),
        (key_shapes.check_secret, HMS, "HMS key"),
        (key_shapes.check_hms, SECRET, "key of Stripe"),
        (key_shapes.check_webhook_secret, SECRET, "This is a secret key"),
    ],
)
def test_a_swapped_key_is_called_by_its_name(check: object, pasted: str, words: str) -> None:
    with pytest.raises(key_shapes.WrongKey) as refused:
        check(pasted)  # type: ignore[operator]
    assert words in refused.value.sentence


def test_a_live_and_a_test_key_do_not_go_together() -> None:
    key_shapes.check_same_mode(publishable_key="pk_live_1", secret_key="rk_live_1")
    for publishable, secret in (("pk_live_1", "sk_test_1"), ("pk_test_1", "sk_live_1")):
        with pytest.raises(key_shapes.WrongKey) as refused:
            key_shapes.check_same_mode(publishable_key=publishable, secret_key=secret)
        assert refused.value.field == "secret_key"


@pytest.mark.parametrize("around", [" {}", "{}\n", '"{}"', "'{}' ", "\u200b{}\r\n", "\u201c{}\u201d", "\ufeff{}"])
def test_what_copying_adds_is_taken_off(around: str) -> None:
    assert key_shapes.cleaned(around.format(SECRET)) == SECRET


def test_a_key_of_any_length_but_absurd() -> None:
    key_shapes.check_secret("sk_test_" + "a" * 200)
    with pytest.raises(key_shapes.WrongKey):
        key_shapes.check_secret("sk_test_" + "a" * 400)


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("sk_live_51AbcdefghijklmnoPQRS4242", "sk_live_...4242"),
        ("whsec_abcd_efgh_ijkl_mnop", "whsec_...mnop"),
        ("fl_aaaa_bbbb_cccc_dddd", "fl_...dddd"),
        ("fl_short", "fl_..."),
    ],
)
def test_a_mask_shows_the_prefix_and_four_characters_at_most(key: str, shown: str) -> None:
    assert key_shapes.mask(key) == shown


def test_keys_in_a_text_are_cut_down() -> None:
    text = key_shapes.hidden(f"Invalid API Key provided: {SECRET}Canary, {WEBHOOK} and {HMS}")
    assert text == "Invalid API Key provided: sk_test_***, whsec_*** and fl_live_***"
