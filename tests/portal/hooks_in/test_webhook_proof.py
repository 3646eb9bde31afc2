"""The connection is proved by what Stripe says, and by nothing else."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone

from agencies import activation, addresses, due_work, payments, webhook_proof
from agencies.webhook_proof import State
from billing.models import Package, Purchase
from billing.stripe_gateway import EVENTS
from billing.stripe_shapes import StripeUnreachable
from follow_ups.models import FollowUp
from inbox.models import EventState, StripeEvent
from portal.jobs import registry
from portal.jobs import stripe as jobs
from tenancy import door
from tests.support import stripe_says
from tests.support.stripe_says import Said
from tests.support.stripe_world import Sandbox, Shop
from vault import connections
from vault.models import StripeConnection

pytestmark = pytest.mark.django_db


def stands() -> State:
    return webhook_proof.state(StripeConnection.objects.get())


def why() -> str:
    return webhook_proof.sentence(StripeConnection.objects.get())


def by_hand(stripe: Sandbox, shop: Shop, *events: str) -> str:
    """The endpoint as somebody makes it in Stripe, for these events; its secret is pasted. Its id."""
    chosen = {f"enabled_events[{place}]": event for place, event in enumerate(events)}
    url = webhook_proof.webhook_url(shop.agency)
    made = stripe.ask(shop.secret_key, "POST", "webhook_endpoints", url=url, **chosen)
    payments.connect(shop.agency, webhook_secret=made["secret"])
    return str(made["id"])


def happened(stripe: Sandbox, shop: Shop, type_: str = "checkout.session.expired") -> dict[str, Any]:
    """The latest event of this type, as Stripe has it."""
    latest: dict[str, Any] = stripe.ask(shop.secret_key, "GET", "events", type=type_)["data"][0]
    return latest


def delivered(shop: Shop, event: dict[str, Any], *, secrets: list[str] | None = None) -> StripeEvent:
    """The event comes as Stripe sends it, and is looked after."""
    secrets = secrets or connections.webhook_secrets(shop.agency.pk, timezone.now())[:1]
    said = stripe_says.signed(json.dumps(event).encode(), secrets=secrets)
    assert post(shop, said) == 200
    stored = StripeEvent.objects.get(event_id=event["id"])
    with door.enter(shop.agency):
        jobs.apply_event(str(stored.pk))
    stored.refresh_from_db()
    return stored


def post(shop: Shop, said: Said, slug: str = "") -> int:
    browser = Browser(headers={"host": "portal.localhost"})
    return browser.post(f"/api/webhooks/stripe/{slug or shop.agency.slug}", **said.sent).status_code


@pytest.fixture
def ready(stripe: Sandbox, shop: Shop) -> Shop:
    """A shop whose endpoint we made, and nothing has come yet."""
    payments.set_up_webhook(shop.agency)
    return shop


def test_a_test_turns_green_when_the_signed_message_about_its_session_has_come(stripe: Sandbox, ready: Shop) -> None:
    assert stands() is State.NEVER
    webhook_proof.ask(ready.agency)
    assert stands() is State.WAITING
    event = delivered(ready, happened(stripe, ready))
    assert stands() is State.PROVED
    assert (event.state, event.note) == (EventState.APPLIED, "A test of the connection. Nothing was sold.")


def test_a_test_moves_no_money_sells_nothing_and_leaves_no_page_open(stripe: Sandbox, ready: Shop) -> None:
    webhook_proof.ask(ready.agency)
    delivered(ready, happened(stripe, ready))
    (session,) = stripe.ask(ready.secret_key, "GET", "checkout/sessions")["data"]
    assert (session["status"], session["payment_status"]) == ("expired", "unpaid")
    assert stripe.ask(ready.secret_key, "GET", "payment_intents")["data"] == []
    with door.enter(ready.agency):
        assert not Purchase.objects.exists()


def test_the_session_of_a_test_has_the_price_of_the_first_package(stripe: Sandbox, ready: Shop) -> None:
    webhook_proof.ask(ready.agency)
    assert happened(stripe, ready)["data"]["object"]["amount_total"] == 4000


def test_without_a_package_the_session_is_of_the_least_amount(stripe: Sandbox, ready: Shop) -> None:
    with door.enter(ready.agency):
        Package.objects.all().delete()
    webhook_proof.ask(ready.agency)
    assert happened(stripe, ready)["data"]["object"]["amount_total"] == 50


def test_live_keys_are_tested_alike(stripe: Sandbox, shop: Shop) -> None:
    keys = stripe.open_account("live")
    StripeConnection.objects.all().delete()
    payments.connect(shop.agency, publishable_key=keys["publishable_key"], secret_key=keys["secret_key"])
    live = Shop(shop.agency, shop.client, shop.package, keys)
    payments.set_up_webhook(live.agency)
    webhook_proof.ask(live.agency)
    delivered(live, happened(stripe, live))
    assert stands() is State.PROVED


def test_the_message_of_an_older_test_proves_nothing(stripe: Sandbox, ready: Shop) -> None:
    webhook_proof.ask(ready.agency)
    older = happened(stripe, ready)
    webhook_proof.ask(ready.agency)
    delivered(ready, older)
    assert stands() is State.WAITING


def test_the_message_of_another_agencys_test_proves_nothing(stripe: Sandbox, ready: Shop) -> None:
    webhook_proof.ask(ready.agency)
    foreign = happened(stripe, ready)
    foreign["id"] = "evt_foreign"
    foreign["data"]["object"]["id"] = "cs_test_foreign"
    assert delivered(ready, foreign).state == EventState.APPLIED
    assert stands() is State.WAITING


def test_a_message_that_was_found_in_stripes_list_proves_nothing(stripe: Sandbox, ready: Shop) -> None:
    webhook_proof.ask(ready.agency)
    event = happened(stripe, ready)
    said = stripe_says.signed(
        json.dumps(event).encode(), secrets=connections.webhook_secrets(ready.agency.pk, timezone.now())
    )
    post(ready, said)
    StripeEvent.objects.update(is_pulled=True)
    with door.enter(ready.agency):
        jobs.apply_event(str(StripeEvent.objects.get().pk))
    assert stands() is State.WAITING


def test_the_first_real_event_proves_it_too(stripe: Sandbox, ready: Shop) -> None:
    stripe.pay(ready.started().stripe_session_id)
    delivered(ready, happened(stripe, ready, "checkout.session.completed"))
    assert stands() is State.PROVED
    assert ready.entries() == [("purchase", 6000)]


def test_an_event_of_the_other_mode_proves_nothing(stripe: Sandbox, ready: Shop) -> None:
    stripe.pay(ready.started().stripe_session_id)
    event = happened(stripe, ready, "checkout.session.completed") | {"livemode": True}
    delivered(ready, event)
    assert stands() is State.NEVER
    assert StripeConnection.objects.get().last_event_at is None


def test_what_does_not_come_is_a_failure_after_two_minutes_and_late_is_better_than_never(
    stripe: Sandbox, ready: Shop
) -> None:
    webhook_proof.ask(ready.agency)
    asked = StripeConnection.objects.get()
    later = asked.tested_at + webhook_proof.PATIENCE
    assert webhook_proof.state(asked, later - timedelta(seconds=1)) is State.WAITING
    assert webhook_proof.state(asked, later) is State.FAILING
    assert "Compare the address" in webhook_proof.sentence(asked, later)
    delivered(ready, happened(stripe, ready))
    assert stands() is State.PROVED


def test_without_a_signing_secret_there_is_nothing_to_test(stripe: Sandbox, shop: Shop) -> None:
    StripeConnection.objects.update(webhook_secret_sealed=None)
    with pytest.raises(webhook_proof.NoWebhookSecret):
        webhook_proof.ask(shop.agency)
    assert stands() is State.NEVER


def test_stripe_away_leaves_a_failure_and_no_question(stripe: Sandbox, ready: Shop) -> None:
    stripe.breaks("503", "checkout", times=9)
    with pytest.raises(StripeUnreachable):
        webhook_proof.ask(ready.agency)
    assert stands() is State.FAILING
    assert "could not be reached" in why()
    assert StripeConnection.objects.get().tested_at is None


def test_a_key_without_the_right_is_said(stripe: Sandbox, shop: Shop) -> None:
    keys = shop.keys
    payments.connect(shop.agency, secret_key=keys["restricted_key"], publishable_key=keys["publishable_key"])
    payments.set_up_webhook(shop.agency)
    stripe.turn("stripe/keys", key=keys["restricted_key"], lacks=["checkout_session_write"])
    webhook_proof.ask(shop.agency)
    assert "lacks the right to write Checkout Sessions" in why()


# --- Made by hand -----------------------------------------------------------------------------------------------------


def test_an_endpoint_for_completed_payments_alone_is_partly_connected_and_says_which_events_to_add(
    stripe: Sandbox, shop: Shop
) -> None:
    by_hand(stripe, shop, "checkout.session.completed")
    connection = webhook_proof.ask(shop.agency)
    assert stands() is State.PARTLY
    assert "Add them in Stripe" in why()
    assert connection.missing_events == [event for event in EVENTS if event != "checkout.session.completed"]
    assert stripe.ask(shop.secret_key, "GET", "checkout/sessions")["data"] == []


def test_partly_connected_is_proved_by_the_first_purchase_and_still_names_what_is_missing(
    stripe: Sandbox, shop: Shop
) -> None:
    by_hand(stripe, shop, "checkout.session.completed")
    webhook_proof.ask(shop.agency)
    stripe.pay(shop.started().stripe_session_id)
    delivered(shop, happened(stripe, shop, "checkout.session.completed"))
    assert stands() is State.PROVED
    (row,) = [one for one in activation.requirements(shop.agency) if one.key == "connection"]
    assert "11 kinds of events are not sent" in row.shown


def test_every_event_by_a_star_is_complete(stripe: Sandbox, shop: Shop) -> None:
    by_hand(stripe, shop, "*")
    assert webhook_proof.ask(shop.agency).missing_events == []
    assert stands() is State.WAITING


def test_no_endpoint_at_our_address_is_known_at_once(stripe: Sandbox, shop: Shop) -> None:
    webhook_proof.ask(shop.agency)
    assert stands() is State.FAILING
    assert "no endpoint at this address" in why()


def test_an_endpoint_with_a_slash_at_its_end_is_ours_as_well(stripe: Sandbox, shop: Shop) -> None:
    url = webhook_proof.webhook_url(shop.agency) + "/"
    made = stripe.ask(shop.secret_key, "POST", "webhook_endpoints", url=url, **{"enabled_events[0]": "*"})
    payments.connect(shop.agency, webhook_secret=made["secret"])
    assert webhook_proof.look(shop.agency).endpoint_state == "enabled"


def test_an_endpoint_at_a_former_slug_still_counts_as_ours(stripe: Sandbox, shop: Shop) -> None:
    by_hand(stripe, shop, "*")
    agency = addresses.change_slug(agency_id=shop.agency.pk, slug="acme-voice")
    assert webhook_proof.look(agency).endpoint_state == "enabled"


def test_where_the_key_may_not_read_endpoints_the_test_alone_decides(stripe: Sandbox, shop: Shop) -> None:
    by_hand(stripe, shop, "checkout.session.expired")
    keys = shop.keys
    payments.connect(shop.agency, secret_key=keys["restricted_key"], publishable_key=keys["publishable_key"])
    stripe.turn("stripe/keys", key=keys["restricted_key"], lacks=["webhook_read"])
    assert webhook_proof.ask(shop.agency).endpoint_state == ""
    delivered(shop, happened(stripe, shop))
    assert stands() is State.PROVED


# --- What goes wrong later --------------------------------------------------------------------------------------------


def looked_at(shop: Shop) -> Any:
    with door.enter(shop.agency):
        return jobs.look_at_endpoint("")


def test_an_endpoint_that_stripe_switched_off_is_noticed_within_a_day(stripe: Sandbox, ready: Shop) -> None:
    webhook_proof.ask(ready.agency)
    delivered(ready, happened(stripe, ready))
    endpoint = StripeConnection.objects.get().webhook_endpoint_id
    stripe.ask(ready.secret_key, "POST", f"webhook_endpoints/{endpoint}", disabled="true")
    again_at = looked_at(ready)
    assert timedelta(hours=23) < again_at - timezone.now() <= timedelta(hours=24)
    assert stands() is State.DISABLED
    assert "Enable it in Stripe" in why()
    stripe.ask(ready.secret_key, "POST", f"webhook_endpoints/{endpoint}", disabled="false")
    looked_at(ready)
    assert stands() is State.PROVED


def test_an_endpoint_that_was_deleted_is_noticed_and_heals_when_it_is_made_again(stripe: Sandbox, ready: Shop) -> None:
    webhook_proof.ask(ready.agency)
    delivered(ready, happened(stripe, ready))
    (endpoint,) = stripe.ask(ready.secret_key, "GET", "webhook_endpoints")["data"]
    stripe.ask(ready.secret_key, "DELETE", f"webhook_endpoints/{endpoint['id']}")
    looked_at(ready)
    assert stands() is State.FAILING
    payments.set_up_webhook(ready.agency)
    looked_at(ready)
    assert stands() is State.NEVER


def test_a_key_that_stripe_does_not_know_any_more_is_noticed(stripe: Sandbox, ready: Shop) -> None:
    stripe.turn("stripe/keys", key=ready.secret_key, revoked=True)
    assert looked_at(ready) is not None
    assert stands() is State.FAILING
    assert "does not accept this secret key" in why()


def test_stripe_away_leaves_the_look_on_the_agenda(stripe: Sandbox, ready: Shop) -> None:
    stripe.breaks("503", "webhook_endpoints", times=9)
    with pytest.raises(StripeUnreachable):
        looked_at(ready)


def test_the_look_is_on_the_agenda_with_the_first_key_and_can_be_derived_anew(stripe: Sandbox, shop: Shop) -> None:
    payments.connect(shop.agency, publishable_key=shop.keys["publishable_key"], secret_key=shop.secret_key)
    row = FollowUp.objects.get(kind=webhook_proof.KIND)
    assert timedelta(hours=23) < row.due_at - timezone.now() <= timedelta(hours=24)
    row.delete()
    due_work.rebuild(shop.agency)
    assert FollowUp.objects.filter(kind=webhook_proof.KIND).exists()
    assert webhook_proof.KIND in registry.KINDS


def test_an_agency_without_a_key_is_not_looked_at_again(shop: Shop) -> None:
    StripeConnection.objects.update(secret_key_sealed=None)
    assert looked_at(shop) is None


# --- Signatures that do not fit ---------------------------------------------------------------------------------------

WRONG = ["whsec_Other12345"]


def test_a_message_that_the_secret_does_not_fit_is_a_failure_that_a_test_can_heal(stripe: Sandbox, ready: Shop) -> None:
    assert post(ready, stripe_says.event(secrets=WRONG)) == 400
    assert stands() is State.FAILING
    assert "signing secret here does not fit" in why()
    webhook_proof.ask(ready.agency)
    assert stands() is State.WAITING
    delivered(ready, happened(stripe, ready))
    assert stands() is State.PROVED


def test_noise_is_not_taken_for_a_message_of_stripes(ready: Shop) -> None:
    old = timezone.now() - timedelta(hours=1)
    for said in (Said(b"{}", "", ""), Said(b"{}", "t=1,v1=x", ""), stripe_says.event(secrets=WRONG, at=old)):
        assert post(ready, said) == 400
    assert StripeConnection.objects.get().last_failure_at is None


def test_many_wrong_signatures_touch_the_row_once_a_minute(ready: Shop) -> None:
    post(ready, stripe_says.event(secrets=WRONG))
    at = StripeConnection.objects.get().last_failure_at
    for _ in range(3):
        post(ready, stripe_says.event(secrets=WRONG))
    assert StripeConnection.objects.get().last_failure_at == at
    webhook_proof.note_wrong_secret(ready.agency.pk, at=at + timedelta(minutes=1))
    assert StripeConnection.objects.get().last_failure_at == at + timedelta(minutes=1)


def test_a_wrong_secret_pasted_over_a_good_one_shows_at_once_although_the_old_one_is_still_accepted(
    stripe: Sandbox, ready: Shop
) -> None:
    (old,) = connections.webhook_secrets(ready.agency.pk, timezone.now())[:1]
    payments.connect(ready.agency, webhook_secret="whsec_NotOfThisEndpoint")
    webhook_proof.ask(ready.agency)
    event = delivered(ready, happened(stripe, ready), secrets=[old])
    assert event.state == EventState.APPLIED
    assert stands() is State.FAILING
    assert "accepted for one day only" in why()


def test_a_secret_rolled_in_stripe_and_pasted_here_loses_nothing(stripe: Sandbox, ready: Shop) -> None:
    (old,) = connections.webhook_secrets(ready.agency.pk, timezone.now())[:1]
    endpoint = StripeConnection.objects.get().webhook_endpoint_id
    new = stripe.turn(f"stripe/webhook_endpoints/{endpoint}/roll")["secret"]
    payments.connect(ready.agency, webhook_secret=new)
    webhook_proof.ask(ready.agency)
    delivered(ready, happened(stripe, ready), secrets=[new, old])
    assert stands() is State.PROVED


def test_a_new_secret_or_account_is_proved_anew(stripe: Sandbox, ready: Shop) -> None:
    webhook_proof.ask(ready.agency)
    delivered(ready, happened(stripe, ready))
    payments.connect(ready.agency, webhook_secret="whsec_Another12345")
    assert stands() is State.NEVER
    payments.set_up_webhook(ready.agency)
    webhook_proof.ask(ready.agency)
    delivered(ready, happened(stripe, ready))
    other = stripe.open_account()
    payments.connect(ready.agency, publishable_key=other["publishable_key"], secret_key=other["secret_key"])
    assert stands() is State.NEVER
