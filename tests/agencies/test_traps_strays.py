"""Payments that Stripe has taken and that must reach no wallet, each by the number under which the trap is known.

Sessions are made and paid at the real sandbox; its own event is what the portal hears, by webhook or by sweep.
"""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from agencies import attention, payments, sweep
from billing.models import Purchase
from inbox import stripe_events
from inbox.models import EventState, StripeEvent
from portal.jobs import stripe as jobs
from tenancy import door
from tests.support import stripe_says, stripe_world
from tests.support.stripe_world import Sandbox, Shop

pytestmark = pytest.mark.django_db
sandbox, stripe, shop = stripe_world.sandbox, stripe_world.stripe, stripe_world.shop
ITEM = "line_items[0]"


def paid(stripe: Sandbox, secret_key: str, purchase: Purchase, **changes: str) -> str:
    """A session that somebody made with this key for the purchase's money and in its name, paid; its id."""
    asked = {
        "mode": "payment",
        "success_url": "http://acme.portal.localhost/buy/back",
        "client_reference_id": str(purchase.pk),
        "metadata[purchase_id]": str(purchase.pk),
        f"{ITEM}[price_data][currency]": purchase.currency,
        f"{ITEM}[price_data][unit_amount]": str(purchase.price_minor),
        f"{ITEM}[price_data][product_data][name]": "Minutes",
        f"{ITEM}[quantity]": "1",
    }
    session_id: str = stripe.ask(secret_key, "POST", "checkout/sessions", **(asked | changes))["id"]
    stripe.pay(session_id)
    return session_id


def subscribed(stripe: Sandbox, shop: Shop, purchase: Purchase) -> str:
    changes = {"mode": "subscription", f"{ITEM}[price_data][recurring][interval]": "month"}
    return paid(stripe, shop.secret_key, purchase, **changes)


def heard(stripe: Sandbox, shop: Shop, secret_key: str) -> StripeEvent:
    """The account's newest completed session, as Stripe signs and sends it, taken and applied."""
    newest = stripe.ask(secret_key, "GET", "events", type="checkout.session.completed")["data"][0]
    said = stripe_says.signed(json.dumps(newest).encode())
    stored = stripe_events.receive(
        agency_id=shop.agency.pk,
        payload=said.payload,
        header=said.header,
        secrets=[stripe_says.SECRET],
        now=timezone.now(),
    )
    with door.enter(shop.agency):
        jobs.apply_event(str(stored.id))
    return StripeEvent.objects.get(pk=stored.id)


def waiting(shop: Shop) -> list[attention.Item]:
    with door.enter(shop.agency):
        return attention.items()


@pytest.mark.parametrize("way", ["webhook", "sweep"])
def test_trap_25_a_subscription_paid_at_stripe_waits_for_a_person_and_fills_no_wallet(
    stripe: Sandbox, shop: Shop, way: str
) -> None:
    purchase = shop.started()
    session_id = subscribed(stripe, shop, purchase)
    if way == "webhook":
        assert heard(stripe, shop, shop.secret_key).state == EventState.IGNORED
    else:
        with door.enter(shop.agency):
            assert sweep.sweep(secret_key=shop.secret_key).strays == 1
    [item] = waiting(shop)
    assert (item.facts["session"], item.facts["mode"], item.facts["amount_minor"]) == (session_id, "subscription", 4000)
    assert (item.client, "the portal sells neither" in item.words) == (shop.client, True)
    assert (shop.entries(), shop.purchase().state) == ([], Purchase.State.PENDING)


def test_trap_25_webhook_and_sweep_tell_of_one_payment_and_the_purchase_can_still_be_paid(
    stripe: Sandbox, shop: Shop
) -> None:
    purchase = shop.started()
    subscribed(stripe, shop, purchase)
    heard(stripe, shop, shop.secret_key)
    with door.enter(shop.agency):
        sweep.sweep(secret_key=shop.secret_key)
    assert len(waiting(shop)) == 1
    stripe.pay(purchase.stripe_session_id)
    assert heard(stripe, shop, shop.secret_key).state == EventState.APPLIED
    assert (shop.entries(), len(waiting(shop))) == ([("purchase", 6000)], 1)


def test_trap_25_a_subscription_that_has_nothing_to_do_with_the_portal_is_left_alone(
    stripe: Sandbox, shop: Shop
) -> None:
    stranger = Purchase(pk=uuid4(), currency="eur", price_minor=900)
    changes: dict[str, Any] = {"mode": "subscription", f"{ITEM}[price_data][recurring][interval]": "month"}
    changes |= {
        "success_url": "https://shoes.example/thanks",
        "client_reference_id": "club",
        "metadata[purchase_id]": "",
    }
    paid(stripe, shop.secret_key, stranger, **changes)
    heard(stripe, shop, shop.secret_key)
    with door.enter(shop.agency):
        sweep.sweep(secret_key=shop.secret_key)
    assert (waiting(shop), shop.entries()) == ([], [])


def test_trap_20_a_live_payment_heard_in_test_mode_waits_for_a_person_and_fills_no_wallet(
    stripe: Sandbox, shop: Shop
) -> None:
    purchase, live = shop.started(), stripe.open_account("live")["secret_key"]
    session_id = paid(stripe, live, purchase)
    event = heard(stripe, shop, live)
    assert (event.livemode, event.state) == (True, EventState.IGNORED)
    [item] = waiting(shop)
    assert (item.facts["session"], item.facts["livemode"]) == (session_id, True)
    assert (shop.entries(), shop.purchase().state) == ([], Purchase.State.PENDING)


def test_trap_20_a_test_payment_heard_by_a_live_portal_fills_no_wallet_and_bothers_nobody(
    stripe: Sandbox, shop: Shop
) -> None:
    test_key, live = shop.secret_key, stripe.open_account("live")
    purchase = shop.started()
    with door.enter(shop.agency):
        Purchase.objects.update(livemode=True, stripe_session_id=None)
    payments.connect(shop.agency, publishable_key=live["publishable_key"], secret_key=live["secret_key"])
    paid(stripe, test_key, purchase)
    event = heard(stripe, shop, test_key)
    assert (event.livemode, event.state) == (False, EventState.IGNORED)
    assert "takes real money" in event.note
    assert (waiting(shop), shop.entries()) == ([], [])
