"""How Checkout behaves: each switch is kept when Stripe agrees, and explained beside itself when it does not."""

import pytest

from agencies import checkout
from agencies.models import Agency
from billing.checkout_options import Options
from tests.support.portal import text_of
from vault import connections

pytestmark = pytest.mark.django_db
EVERYTHING = {
    "promotion_codes": "on",
    "automatic_tax": "on",
    "tax_ids": "on",
    "invoices": "on",
    "card_only": "on",
    "statement_suffix": "HELLO",
}


@pytest.fixture
def connected(ada, stripe_keys):
    ada.post("payments/", publishable_key=stripe_keys["publishable_key"], secret_key=stripe_keys["secret_key"])
    return ada


def errors(page) -> dict[str, str]:
    return {field: str(said[0]) for field, said in page.context["form"].errors.items()}


def test_everything_can_be_switched_on_and_off_again(connected, outside, stripe_keys, acme: Agency) -> None:
    outside.turn(f"stripe/accounts/{stripe_keys['account_id']}/checkout", tax=True)
    assert connected.post("checkout/", **EVERYTHING).status_code == 302
    assert checkout.options(acme) == Options(True, True, True, True, True, "HELLO")
    page = connected.get("checkout/")
    assert "Stripe has agreed" in text_of(page)
    assert page.content.decode().count("checked") == 5
    assert connected.post("checkout/").status_code == 302
    assert checkout.options(acme) == Options()


@pytest.mark.parametrize(
    ("able", "field", "words"),
    [
        ({}, "automatic_tax", "Finish the set-up in Stripe under Tax"),
        ({"tax": True, "refuses": ["allow_promotion_codes"]}, "promotion_codes", "Make a coupon in Stripe"),
        ({"tax": True, "refuses": ["tax_id_collection"]}, "tax_ids", "whether tax ids may be asked for"),
        ({"tax": True, "refuses": ["invoice_creation"]}, "invoices", "Complete your business details"),
        ({"tax": True, "methods": ["sepa_debit"]}, "card_only", "Turn cards on in Stripe"),
        ({"tax": True, "statement_prefix": "A LONG PREFIX OF"}, "statement_suffix", "Make it shorter or simpler"),
    ],
)
def test_what_stripe_refuses_stands_beside_its_switch_and_nothing_is_kept(
    connected, outside, stripe_keys, acme: Agency, able: dict[str, object], field: str, words: str
) -> None:
    outside.turn(f"stripe/accounts/{stripe_keys['account_id']}/checkout", **able)
    said = errors(connected.post("checkout/", **EVERYTHING))
    assert list(said) == [field]
    assert words in said[field]
    assert checkout.options(acme) == Options()


def test_a_suffix_that_no_statement_shows_is_explained_without_asking_stripe(connected) -> None:
    said = errors(connected.post("checkout/", statement_suffix="12345"))
    assert said == {"statement_suffix": "Use at least one letter, so that people know who it was."}


def test_without_keys_it_says_what_comes_first(ada) -> None:
    assert "Save your Stripe keys first" in str(errors(ada.post("checkout/", card_only="on")))


def test_when_stripe_does_not_answer_nothing_is_kept(connected, outside, acme: Agency) -> None:
    outside.breaks("503", "checkout", times=3)
    assert "could not be reached" in str(errors(connected.post("checkout/", card_only="on")))
    assert checkout.options(acme) == Options()


def test_another_account_is_to_be_asked_anew(connected, outside, acme: Agency) -> None:
    connected.post("checkout/", card_only="on")
    assert "Another Stripe account" not in text_of(connected.get("checkout/"))
    other = outside.open_account()
    connections.save_stripe_keys(
        agency_id=acme.pk, secret_key=other["secret_key"], account_id=other["account_id"], business_name=""
    )
    assert "Another Stripe account since then" in text_of(connected.get("checkout/"))
    connected.post("checkout/", card_only="on")
    assert "Another Stripe account" not in text_of(connected.get("checkout/"))


def test_only_the_owner_decides_and_everybody_may_look(mia, vic) -> None:
    for member in (mia, vic):
        assert member.post("checkout/", card_only="on").status_code == 403
        assert "Only the owner can change" in text_of(member.get("checkout/"))
