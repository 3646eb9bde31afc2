import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains import names


@pytest.mark.parametrize("slug", ["abc", "a1b", "acme-voice", "a" * 50, "1-2"])
def test_a_slug_of_letters_digits_and_inner_hyphens_is_fine(slug: str) -> None:
    assert names.check_slug(slug) == slug


@pytest.mark.parametrize(
    "slug",
    ["", "ab", "a" * 51, "-abc", "abc-", "Abc", "a_b", "a.b", "a b", "äbc", "abc\n", "xn--abc", "ab--c", "www", "api"],
)
def test_other_slugs_are_refused_with_a_sentence(slug: str) -> None:
    with pytest.raises(names.BadSlug, match=r"\w+ .*\."):
        names.check_slug(slug)


@pytest.mark.parametrize(
    ("company", "slug"),
    [
        ("Harbour Voice", "harbour-voice"),
        ("Café Zürich GmbH & Co. KG", "cafe-zurich-gmbh-co-kg"),
        ("  A/B  Testing! ", "a-b-testing"),
        ("株式会社", ""),
        ("X", ""),
        ("Ab  -- c", "ab-c"),
        ("x" * 80, "x" * 50),
    ],
)
def test_a_slug_is_suggested_from_the_name(company: str, slug: str) -> None:
    assert names.suggest_slug(company) == slug


@given(st.text(max_size=120))
def test_whatever_is_suggested_is_well_formed(company: str) -> None:
    slug = names.suggest_slug(company)
    assert slug == "" or slug in names.RESERVED or names.imitates_reserved(slug) or names.check_slug(slug) == slug


@pytest.mark.parametrize(
    ("asked", "host"),
    [("ACME.Portal.Test", "acme.portal.test"), ("acme.test:8000", "acme.test"), ("acme.test.", "acme.test")],
)
def test_a_host_is_known_by_one_spelling(asked: str, host: str) -> None:
    assert names.normalise(asked) == host


@pytest.mark.parametrize(
    "host", ["", ".", "a..b", "a b", "a_b.test", "-a.test", "a@b.test", "[::1]", "a" * 254, "é.test", "\u212a.test"]
)
def test_what_is_no_host_name_is_refused(host: str) -> None:
    with pytest.raises(names.BadHost):
        names.normalise(host)


@given(st.text(max_size=300))
def test_normalising_gives_lower_case_or_refuses(text: str) -> None:
    try:
        host = names.normalise(text)
    except names.BadHost:
        return
    assert host == host.lower() == names.normalise(host)


@given(st.from_regex(names._SLUG))
def test_s29_a_slug_that_is_accepted_is_a_label_of_dns_and_nothing_else(slug: str) -> None:
    try:
        names.check_slug(slug)
    except names.BadSlug:
        return
    assert names.normalise(f"{slug}.portal.test") == f"{slug}.portal.test"
    assert not slug.startswith("xn--")


@pytest.mark.parametrize("slug", sorted(word for word in names.RESERVED if len(word) >= 3))
def test_s29_a_reserved_slug_is_refused(slug: str) -> None:
    with pytest.raises(names.BadSlug, match="reserved"):
        names.check_slug(slug)


@pytest.mark.parametrize(
    "slug", ["paypa1", "adm1n", "rnail", "str1pe", "l0gin", "log-in", "supp0rt", "p-a-y", "vvww", "secur1ty", "5tatus"]
)
def test_s29_what_is_read_as_a_reserved_slug_is_refused(slug: str) -> None:
    with pytest.raises(names.BadSlug, match="looks like"):
        names.check_slug(slug)


@pytest.mark.parametrize("slug", ["mall", "acrne", "paypals", "pay-as-you-go", "4care", "studio54", "admin-tools"])
def test_a_slug_that_only_reminds_of_a_reserved_one_is_fine(slug: str) -> None:
    assert names.check_slug(slug) == slug
