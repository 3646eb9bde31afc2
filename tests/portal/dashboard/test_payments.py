"""Stripe's keys: asked of Stripe before they are kept, never shown again, and each wrong one explained in its place."""

import pytest

from agencies.models import Agency
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
        ("publishable_key", "live", "Paste two keys of the same mode."),
    ],
)
def test_a_wrong_key_is_explained_in_its_place(ada, stripe_keys, field: str, key: str, sentence: str) -> None:
    keys = {
        "publishable": stripe_keys["publishable_key"],
        "secret": stripe_keys["secret_key"],
        "hms": "fl_live_0123456789abcdef",
        "nonsense": "hello",
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


def test_keys_are_the_owners_business(mia, vic) -> None:
    for person in (mia, vic):
        assert person.post("payments/", publishable_key="pk_test_0123456789").status_code == 403
        assert b'name="secret_key"' not in person.get("payments/").content
