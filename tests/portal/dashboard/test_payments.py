"""Stripe's keys: asked of Stripe before they are kept, never shown again, and each wrong one explained in its place."""

import pytest
from django.utils import timezone

from agencies.models import Agency
from clients.models import Client
from tenancy import door
from tests.support.booking import book
from vault.models import StripeConnection

pytestmark = pytest.mark.django_db


def errors(page, field: str) -> str:
    return str(page.context["form"].errors.get(field, ""))


def test_keys_that_stripe_knows_are_kept_and_never_shown(ada, stripe_keys) -> None:
    answer = ada.post("payments/", publishable_key=stripe_keys["publishable_key"], secret_key=stripe_keys["secret_key"])
    assert answer.status_code == 302
    page = ada.get("payments/").content.decode()
    assert stripe_keys["secret_key"] not in page
    assert f"sk_test_...{stripe_keys['secret_key'][-4:]}" in page
    assert stripe_keys["secret_key"].encode() not in bytes(StripeConnection.objects.get().secret_key_sealed)


@pytest.mark.parametrize(
    ("field", "key", "sentence"),
    [
        ("secret_key", "publishable", "This is the publishable key."),
        ("publishable_key", "secret", "This is a secret key."),
        ("secret_key", "hms", "This is an HMS key."),
        ("publishable_key", "hms", "This is an HMS key."),
        ("webhook_secret", "secret", "This is a secret key."),
        ("secret_key", "nonsense", "A secret key starts with"),
        ("secret_key", "unknown", "Stripe does not accept this secret key."),
        ("secret_key", "organisation", "This is a key of a whole Stripe organisation."),
        ("publishable_key", "organisation", "This is an organisation key."),
        ("publishable_key", "live", "Paste two keys of the same mode."),
    ],
)
def test_a_wrong_key_is_explained_in_its_place(ada, stripe_keys, field: str, key: str, sentence: str) -> None:
    keys = {
        "publishable": stripe_keys["publishable_key"],
        "secret": stripe_keys["secret_key"],
        "hms": "fl_live_0123456789abcdef",
        "nonsense": "hello",
        "organisation": "sk_org_test_0123456789",
        "unknown": "sk_test_51NobodyKnowsThisOne000000",
        "live": "pk_live_51aaaaaaaaaaaaaaaaaa",
    }
    given = {"publishable_key": keys["publishable"], "secret_key": keys["secret"], field: keys[key]}
    page = ada.post("payments/", **given)
    assert sentence in errors(page, "secret_key" if key == "live" else field)
    assert not StripeConnection.objects.exclude(secret_key_mask="").exists()


def test_blank_secrets_keep_what_is_stored(ada, stripe_keys) -> None:
    ada.post("payments/", publishable_key=stripe_keys["publishable_key"], secret_key=stripe_keys["secret_key"])
    mask = StripeConnection.objects.get().secret_key_mask
    ada.post("payments/", publishable_key=stripe_keys["publishable_key"], webhook_secret="whsec_0123456789")
    kept = StripeConnection.objects.get()
    assert kept.secret_key_mask == mask
    assert kept.webhook_secret_sealed is not None


def test_the_webhook_is_set_up_for_the_agencys_address(ada, stripe_keys, outside, acme: Agency) -> None:
    ada.post("payments/", publishable_key=stripe_keys["publishable_key"], secret_key=stripe_keys["secret_key"])
    assert ada.post("payments/webhook/").status_code == 302
    made = outside.ask(stripe_keys["secret_key"], "GET", "webhook_endpoints")["data"]
    assert [one["url"].rsplit("/api", 1)[1] for one in made] == ["/webhooks/stripe/acme"]
    assert StripeConnection.objects.get().webhook_endpoint_id == made[0]["id"]


def test_the_webhook_without_a_key_says_what_comes_first(ada) -> None:
    assert b"Save your secret key first" in ada.post("payments/webhook/").content


def test_stripe_away_is_said_and_keeps_nothing(ada, stripe_keys, outside) -> None:
    outside.breaks("500", "account", times=9)
    page = ada.post("payments/", publishable_key=stripe_keys["publishable_key"], secret_key=stripe_keys["secret_key"])
    assert "could not be reached" in errors(page, "secret_key")
    assert not StripeConnection.objects.exclude(secret_key_mask="").exists()


# --- Product and price ------------------------------------------------------------------------------------------------


@pytest.fixture
def selling(ada, stripe_keys) -> dict[str, str]:
    """The keys of an account with a product and price of its own, and a package of the same amount."""
    ada.post("packages/new/", name="100 credits", credits="100", price="40.00", currency="eur", is_active="on")
    return pair(stripe_keys)


def pair(keys: dict[str, str]) -> dict[str, str]:
    return {"publishable_key": keys["publishable_key"], "secret_key": keys["secret_key"]}


def price_in_stripe(outside, keys: dict[str, str], amount: int = 4000) -> dict[str, str]:
    key = keys["secret_key"]
    product = outside.ask(key, "POST", "products", name="100 AI Calling Credits")["id"]
    price = outside.ask(key, "POST", "prices", product=product, currency="eur", unit_amount=amount)["id"]
    return {"stripe_product_id": product, "stripe_price_id": price}


def test_the_five_fields_of_the_first_package_are_proved_together(ada, outside, acme: Agency, selling) -> None:
    ids = price_in_stripe(outside, selling)
    assert ada.post("payments/", **selling, **ids, webhook_secret="whsec_0123456789").status_code == 302
    page = ada.get("payments/")
    assert {name: page.context["form"][name].value() for name in ids} == ids
    line = next(one for one in ada.get("set-up/").context["lines"] if one.requirement.key == "price")
    assert (line.state, line.text) == ("done", f"{ids['stripe_product_id']} · {ids['stripe_price_id']}")


def test_a_wrong_price_is_said_beside_its_field_and_the_keys_are_kept(ada, outside, selling) -> None:
    ids = price_in_stripe(outside, selling, amount=3900)
    page = ada.post("payments/", **selling, **ids)
    assert "The price in Stripe is 39.00 EUR" in errors(page, "stripe_price_id")
    assert b"Your keys are saved. Only the price is left" in page.content
    assert selling["secret_key"].encode() not in page.content
    assert StripeConnection.objects.get().secret_key_mask


def test_a_wrong_product_is_said_beside_the_product(ada, outside, selling) -> None:
    ids = price_in_stripe(outside, selling) | {"stripe_product_id": "prod_of_somebody_else"}
    assert "another product" in errors(ada.post("payments/", **selling, **ids), "stripe_product_id")


def test_before_the_first_package_the_page_leads_to_it_and_keeps_no_ids(ada, stripe_keys) -> None:
    page = ada.get("payments/").content.decode()
    assert "Product id and price id belong to your first package" in page
    assert 'name="stripe_price_id"' not in page
    page = ada.post("payments/", **pair(stripe_keys), stripe_price_id="price_1")
    assert "Create it first" in errors(page, "stripe_price_id")
    assert b'name="stripe_price_id"' in page.content
    assert not StripeConnection.objects.exclude(secret_key_mask="").exists()


def test_a_price_without_any_key_asks_for_the_key(ada, selling) -> None:
    page = ada.post("payments/", publishable_key=selling["publishable_key"], stripe_price_id="price_1")
    assert errors(page, "secret_key")


# --- Restricted keys --------------------------------------------------------------------------------------------------


def test_the_rights_of_a_restricted_key_are_listed_with_a_link_that_chooses_them(ada) -> None:
    page = ada.get("payments/").content.decode()
    for words in ("<strong>Checkout Sessions</strong>: write", "<strong>Disputes</strong>: read"):
        assert words in page
    assert "permissions%5B%5D=rak_checkout_session_write" in page


def test_every_missing_right_is_said_beside_the_key(ada, stripe_keys, outside) -> None:
    key = stripe_keys["restricted_key"]
    outside.turn("stripe/keys", key=key, lacks=["checkout_session_write", "plan_read"])
    page = ada.post("payments/", publishable_key=stripe_keys["publishable_key"], secret_key=key)
    for what in ("write Checkout Sessions", "read Prices"):
        assert f"This key lacks the right to {what}" in errors(page, "secret_key")
    outside.turn("stripe/keys", key=key, lacks=["webhook_write"])
    ada.post("payments/", publishable_key=stripe_keys["publishable_key"], secret_key=key)
    assert b"lacks the right to write Webhook Endpoints" in ada.get("payments/").content
    assert b"lacks the right to write Webhook Endpoints" in ada.post("payments/webhook/").content


# --- The proof --------------------------------------------------------------------------------------------------------


def test_setting_the_webhook_up_tests_it_at_once_and_the_page_asks_until_it_is_decided(ada, stripe_keys) -> None:
    ada.post("payments/", **pair(stripe_keys))
    ada.post("payments/webhook/")
    page = ada.get("payments/webhook/state/").content.decode()
    assert "Waiting for Stripe" in page
    assert 'hx-get="/agencies/acme/payments/webhook/state/"' in page
    StripeConnection.objects.update(proved_at=timezone.now())
    page = ada.get("payments/webhook/state/").content.decode()
    assert "Proved" in page
    assert "hx-get" not in page


def test_a_secret_that_was_pasted_is_tested_at_once_too(ada, stripe_keys) -> None:
    ada.post("payments/", **pair(stripe_keys), webhook_secret="whsec_0123456789")
    assert b"no endpoint at this address" in ada.get("payments/").content


def test_the_test_can_be_made_again(ada, stripe_keys, outside) -> None:
    ada.post("payments/", **pair(stripe_keys))
    ada.post("payments/webhook/")
    first = StripeConnection.objects.get().tested_session_id
    answer = ada.post("payments/webhook/test/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/agencies/acme/payments/#webhook")
    assert StripeConnection.objects.get().tested_session_id not in ("", first)


def test_a_test_without_key_or_secret_says_what_comes_first(ada, stripe_keys) -> None:
    assert b"Save your secret key first" in ada.post("payments/webhook/test/").content
    ada.post("payments/", **pair(stripe_keys))
    assert b"Save the signing secret of the webhook first" in ada.post("payments/webhook/test/").content


def test_stripe_away_during_the_test_is_said(ada, stripe_keys, outside) -> None:
    ada.post("payments/", **pair(stripe_keys))
    ada.post("payments/webhook/")
    outside.breaks("503", "webhook_endpoints", times=9)
    assert b"Stripe could not be reached" in ada.post("payments/webhook/test/").content


def test_what_was_typed_is_not_lost_to_a_button_of_the_webhook(ada, stripe_keys) -> None:
    ada.post("payments/", **pair(stripe_keys))
    page = ada.post("payments/webhook/test/")
    assert page.context["form"]["publishable_key"].value() == stripe_keys["publishable_key"]


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"endpoint_state": "disabled"}, "Stripe has switched this endpoint off"),
        ({"missing_events": ["refund.created"]}, "Partly connected"),
        ({"last_failure": "It broke.", "last_failure_at": timezone.now()}, "It broke."),
    ],
)
def test_what_is_wrong_with_the_connection_is_on_both_pages(ada, stripe_keys, known, words) -> None:
    ada.post("payments/", **pair(stripe_keys), webhook_secret="whsec_0123456789")
    StripeConnection.objects.update(**({"endpoint_state": "", "last_failure_at": None} | known))
    for path in ("payments/", "set-up/"):
        assert words in ada.get(path).content.decode()


def test_keys_are_the_owners_business(mia, vic) -> None:
    for person in (mia, vic):
        assert person.post("payments/", publishable_key="pk_test_0123456789").status_code == 403
        assert b'name="secret_key"' not in person.get("payments/").content
        assert person.post("payments/webhook/test/").status_code == 403


def test_going_live_says_what_it_takes_away_and_waits_for_a_tick(ada, stripe_keys, outside, acme: Agency) -> None:
    ada.post("payments/", publishable_key=stripe_keys["publishable_key"], secret_key=stripe_keys["secret_key"])
    assert "When you paste live keys" not in ada.get("payments/").content.decode()
    with door.enter(acme):
        book(Client.objects.create(name="Ben", email="ben@client.test").pk, "given", 600)
    assert "1 client holds test credits, 10.00 in all" in " ".join(ada.get("payments/").content.decode().split())
    live = outside.open_account("live")
    keys = {"publishable_key": live["publishable_key"], "secret_key": live["secret_key"]}
    assert "Tick this to go live" in errors(ada.post("payments/", **keys), "removes_test_credits")
    assert ada.post("payments/", **keys, removes_test_credits="on").status_code == 302
    assert StripeConnection.objects.get().livemode is True
