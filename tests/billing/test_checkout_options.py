import pytest

from billing import checkout_options, checkout_trial, stripe_shapes
from billing.checkout_options import Options, OptionsRefused
from billing.checkout_trial import Sold
from tests.support.stripe_world import Sandbox

EVERYTHING = Options(
    promotion_codes=True, automatic_tax=True, tax_ids=True, invoices=True, card_only=True, statement_suffix="HELLO"
)


@pytest.fixture
def keys(stripe: Sandbox) -> dict[str, str]:
    return stripe.open_account()


def tried(keys: dict[str, str], options: Options, *sold: Sold) -> dict[str, str]:
    """The sentences that stand beside the options; none when Stripe agrees."""
    try:
        checkout_trial.try_out(
            options, sold=sold or [Sold()], back_url="http://acme.portal.localhost/", secret_key=keys["secret_key"]
        )
    except OptionsRefused as refused:
        return refused.errors
    return {}


def able(stripe: Sandbox, keys: dict[str, str], **changes: object) -> None:
    stripe.turn(f"stripe/accounts/{keys['account_id']}/checkout", **changes)


def test_what_is_written_is_read_again_and_what_is_not_known_is_left_out() -> None:
    assert Options.read(EVERYTHING.written() | {"from_the_future": True}) == EVERYTHING
    assert Options.read({}) == Options()


def test_a_suffix_is_tidied() -> None:
    assert checkout_options.checked(Options(statement_suffix="  HARBOUR   VOICE ")).statement_suffix == "HARBOUR VOICE"


@pytest.mark.parametrize(
    ("suffix", "words"),
    [
        ("X" * 23, "At most 22"),
        ("CRÉDITS", "without accents"),
        ("A*B", "not allowed"),
        ('"A"', "not allowed"),
        ("12345", "at least one letter"),
    ],
)
def test_a_suffix_that_no_statement_shows_is_refused_with_the_reason(suffix: str, words: str) -> None:
    with pytest.raises(OptionsRefused) as refused:
        checkout_options.checked(Options(statement_suffix=suffix))
    assert words in refused.value.errors["statement_suffix"]


def test_what_stripe_agrees_to_leaves_no_open_page(stripe: Sandbox, keys: dict[str, str]) -> None:
    able(stripe, keys, tax=True)
    assert tried(keys, EVERYTHING) == {}
    sessions = stripe.ask(keys["secret_key"], "GET", "checkout/sessions")["data"]
    assert [one["status"] for one in sessions] == ["expired"]


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"tax": False}, "automatic_tax", "under Tax"),
        ({"refuses": ["allow_promotion_codes"]}, "promotion_codes", "Coupons"),
        ({"refuses": ["tax_id_collection"]}, "tax_ids", "Settings, Tax"),
        ({"refuses": ["invoice_creation"]}, "invoices", "Settings, Invoices"),
        ({"methods": ["sepa_debit"]}, "card_only", "Payment methods"),
        ({"statement_prefix": "A LONG PREFIX STANDS"}, "statement_suffix", "shorter"),
    ],
)
def test_each_refusal_stands_beside_its_option_and_says_what_to_do(
    stripe: Sandbox, keys: dict[str, str], changes: dict[str, object], name: str, words: str
) -> None:
    able(stripe, keys, **({"tax": True} | changes))
    errors = tried(keys, EVERYTHING)
    assert list(errors) == [name]
    assert words in errors[name]
    assert "Stripe said no" in errors[name]


def test_two_refusals_are_told_at_once(stripe: Sandbox, keys: dict[str, str]) -> None:
    able(stripe, keys, refuses=["invoice_creation"])
    assert set(tried(keys, EVERYTHING)) == {"automatic_tax", "invoices"}


def test_a_page_that_is_refused_without_any_option_blames_none(stripe: Sandbox, keys: dict[str, str]) -> None:
    able(stripe, keys, methods=[])
    errors = tried(keys, Options(promotion_codes=True))
    assert list(errors) == [""]
    assert "payment method" in errors[""]


def test_every_currency_that_is_sold_in_is_tried(stripe: Sandbox, keys: dict[str, str]) -> None:
    assert list(tried(keys, Options(), Sold("eur"), Sold("usd", "price_nobody"))) == [""]


def test_a_key_that_stripe_does_not_know_judges_no_option(keys: dict[str, str]) -> None:
    with pytest.raises(stripe_shapes.StripeKeyRefused):
        tried({**keys, "secret_key": "sk_test_revoked"}, EVERYTHING)


def test_a_stripe_that_is_away_judges_no_option(stripe: Sandbox, keys: dict[str, str]) -> None:
    stripe.breaks("503", "checkout", times=3)
    with pytest.raises(stripe_shapes.StripeUnreachable):
        tried(keys, EVERYTHING)
