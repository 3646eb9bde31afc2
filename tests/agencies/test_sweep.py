"""The sweep over the real sandbox: what no webhook told is credited; what nobody may be credited for is kept."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agencies import attention, discrepancies, due_work, sweep
from agencies.models import Agency, Discrepancy
from billing import stripe_gateway
from billing.models import Package, Purchase, Refund
from follow_ups import agenda
from follow_ups.models import FollowUp
from inbox.models import EventState, StripeEvent
from portal.jobs import stripe as jobs
from tenancy import door
from tests.support import stripe_says, stripe_world
from tests.support.stripe_world import Sandbox, Shop
from vault import connections

pytestmark = pytest.mark.django_db
sandbox, stripe, shop = stripe_world.sandbox, stripe_world.stripe, stripe_world.shop
Kind = Discrepancy.Kind
CREDITED = [("purchase", 6000)]


def swept(shop: Shop) -> sweep.Swept:
    with door.enter(shop.agency):
        return sweep.sweep(secret_key=shop.secret_key)


def forgotten(shop: Shop) -> None:
    """As if the answer with the session's id had been lost: only Stripe's own list knows it."""
    with door.enter(shop.agency):
        Purchase.objects.update(stripe_session_id=None, state=Purchase.State.ABANDONED)


def kept(shop: Shop) -> list[Discrepancy]:
    with door.enter(shop.agency):
        return list(discrepancies.unresolved())


def foreign(stripe: Sandbox, shop: Shop, **changes: Any) -> str:
    """A paid session that somebody else made with the same account; its id."""
    values = {
        "mode": "payment",
        "success_url": "https://shoes.example/thanks",
        "line_items[0][price_data][currency]": "eur",
        "line_items[0][price_data][unit_amount]": "1500",
        "line_items[0][price_data][product_data][name]": "Shoes",
        "line_items[0][quantity]": "1",
    }
    values = {name: value for name, value in (values | changes).items() if value is not None}
    session_id: str = stripe.ask(shop.secret_key, "POST", "checkout/sessions", **values)["id"]
    stripe.pay(session_id)
    return session_id


def test_an_open_purchase_that_was_paid_is_credited(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    assert swept(shop).settled == 1
    assert (shop.entries(), kept(shop)) == (CREDITED, [])


def test_a_paid_session_of_a_purchase_that_lost_it_is_found_in_stripes_list(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    forgotten(shop)
    assert swept(shop).settled == 1
    assert shop.entries() == CREDITED
    assert swept(shop).settled == 0
    assert shop.entries() == CREDITED


def test_an_event_that_no_endpoint_took_comes_into_the_same_inbox_and_is_applied(stripe: Sandbox, shop: Shop) -> None:
    stripe.turn("stripe/settings", webhooks="off")
    stripe.ask(
        shop.secret_key,
        "POST",
        "webhook_endpoints",
        url="http://portal.localhost:1/api/webhooks/stripe/acme",
        **{"enabled_events[0]": "checkout.session.completed"},
    )
    try:
        purchase = shop.started()
        stripe.pay(purchase.stripe_session_id)
        assert swept(shop).events == 1
    finally:
        stripe.turn("stripe/settings", webhooks="on")
    event = StripeEvent.objects.get(agency_id=shop.agency.pk)
    assert (event.is_pulled, event.state, event.type) == (True, EventState.RECEIVED, "checkout.session.completed")
    assert FollowUp.objects.filter(kind="stripe_event", subject=str(event.pk)).exists()
    with door.enter(shop.agency):
        jobs.apply_event(str(event.pk))
    event.refresh_from_db()
    assert event.state == EventState.APPLIED
    assert swept(shop).events == 0
    assert shop.entries() == CREDITED


def test_a_refund_that_no_webhook_told_takes_its_credits(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    swept(shop)
    stripe.refund(shop.secret_key, shop.purchase().stripe_payment_intent_id, 1000)
    assert swept(shop).returns == 1
    assert shop.entries() == [*CREDITED, ("refund", -1500)]
    assert swept(shop).returns == 0


def test_a_dispute_that_no_webhook_told_takes_its_credits(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    swept(shop)
    stripe.dispute(shop.purchase().stripe_payment_intent_id, "withdraw")
    swept(shop)
    assert shop.entries() == [*CREDITED, ("dispute", -6000)]


# --- What nobody may be credited for ----------------------------------------------------------------------------------


def test_what_another_product_sells_through_the_same_stripe_is_not_listed(stripe: Sandbox, shop: Shop) -> None:
    foreign(stripe, shop)
    foreign(stripe, shop, client_reference_id="order-17", **{"metadata[purchase_id]": "17"})
    assert (swept(shop).strays, kept(shop), shop.entries()) == (0, [], [])


def test_a_payment_for_one_of_our_prices_without_a_purchase_is_kept(stripe: Sandbox, shop: Shop) -> None:
    ours = {"line_items[0][price]": shop.package.stripe_price_id}
    theirs = dict.fromkeys(
        [
            "line_items[0][price_data][currency]",
            "line_items[0][price_data][unit_amount]",
            "line_items[0][price_data][product_data][name]",
        ]
    )
    session_id = foreign(stripe, shop, **theirs, **ours)
    swept(shop)
    [row] = kept(shop)
    assert (row.kind, row.subject, row.client_id, row.facts["amount_minor"]) == (
        Kind.STRAY_PAYMENT,
        session_id,
        None,
        4000,
    )
    assert row.facts["payment_intent"].startswith("pi_")
    assert shop.entries() == []


def test_a_payment_that_leads_back_to_our_portal_is_kept(stripe: Sandbox, shop: Shop) -> None:
    session_id = foreign(stripe, shop, success_url="http://acme.portal.localhost/buy/back")
    swept(shop)
    assert [row.subject for row in kept(shop)] == [session_id]


@pytest.mark.parametrize(("state", "is_ours"), [("pending", False), ("active", True), ("released", True)])
def test_a_domain_of_the_portal_counts_once_it_was_proved(
    stripe: Sandbox, shop: Shop, state: str, is_ours: bool
) -> None:
    verified_at = timezone.now() if is_ours else None
    shop.agency.domains.create(domain="voice.acme.test", kind="custom", state=state, token="t", verified_at=verified_at)
    foreign(stripe, shop, success_url="https://voice.acme.test/buy/back")
    swept(shop)
    assert bool(kept(shop)) is is_ours


def test_a_reference_that_somebody_put_into_an_address_is_kept_and_credits_nobody(stripe: Sandbox, shop: Shop) -> None:
    """Payment Links take a reference from their address: it names Ben's purchase, and no portal made the session."""
    purchase = shop.started()
    session_id = foreign(stripe, shop, client_reference_id=str(purchase.pk))
    swept(shop)
    [row] = kept(shop)
    assert (row.subject, row.client_id) == (session_id, shop.client.pk)
    assert shop.entries() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"price_minor": 3999}, "another amount"), ({"currency": "usd"}, "EUR"), ({"livemode": True}, "another mode")],
)
def test_a_payment_that_does_not_fit_its_purchase_is_kept_and_credits_nobody(
    stripe: Sandbox, shop: Shop, changes: dict[str, Any], words: str
) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    with door.enter(shop.agency):
        Purchase.objects.update(**changes)
    swept(shop)
    [row] = kept(shop)
    assert (row.kind, row.subject, row.client_id) == (Kind.STRAY_PAYMENT, purchase.stripe_session_id, shop.client.pk)
    assert words in row.words
    assert shop.entries() == []


def test_a_second_payment_of_one_purchase_is_kept_once_and_resolving_it_settles_the_ledgers_conflict(
    stripe: Sandbox, shop: Shop
) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    reference = {"client_reference_id": str(purchase.pk), "metadata[purchase_id]": str(purchase.pk)}
    second = foreign(stripe, shop, **reference, **{"line_items[0][price_data][unit_amount]": "4000"})
    for _ in range(2):
        swept(shop)
    assert shop.entries() == CREDITED
    with door.enter(shop.agency):
        [item] = attention.items()
        assert attention.count() == 1
        assert (item.facts["session"], "second time" in item.words) == (second, True)
        assert item.action is attention.Action.REFUND_IN_STRIPE
        attention.resolve(item_id=item.id, resolution="Refunded.", actor={"email": "ada@acme.test"})
        assert attention.count() == 0
    swept(shop)
    assert kept(shop) == []


def test_what_was_resolved_stays_resolved_when_the_event_comes_after_the_list(stripe: Sandbox, shop: Shop) -> None:
    session_id = foreign(stripe, shop, success_url="http://acme.portal.localhost/buy/back")
    swept(shop)
    with door.enter(shop.agency):
        [item] = attention.items()
        attention.resolve(item_id=item.id, resolution="It was a test of ours.", actor={})
        session = stripe.ask(shop.secret_key, "GET", f"checkout/sessions/{session_id}")
        said = stripe_says.event("checkout.session.completed", session)
    from inbox import stripe_events

    stored = stripe_events.receive(
        agency_id=shop.agency.pk,
        payload=said.payload,
        header=said.header,
        secrets=[stripe_says.SECRET],
        now=timezone.now(),
    )
    with door.enter(shop.agency):
        jobs.apply_event(str(stored.id))
    assert kept(shop) == []


def test_a_signed_event_of_a_payment_without_a_purchase_is_kept_at_once(shop: Shop) -> None:
    from inbox import stripe_events

    session = stripe_says.session("5b2e4a6e-6f0e-4d4e-9f0a-0a1b2c3d4e5f", customer_details={"email": "x@client.test"})
    said = stripe_says.event("checkout.session.completed", session)
    stored = stripe_events.receive(
        agency_id=shop.agency.pk,
        payload=said.payload,
        header=said.header,
        secrets=[stripe_says.SECRET],
        now=timezone.now(),
    )
    with door.enter(shop.agency):
        jobs.apply_event(str(stored.id))
    [row] = kept(shop)
    assert (row.facts["buyer"], "number of this payment" in row.words) == ("x@client.test", True)
    assert shop.entries() == []


def test_a_payment_that_is_credited_in_the_end_waits_for_nobody(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    with door.enter(shop.agency):
        Purchase.objects.update(price_minor=3999)
    swept(shop)
    assert len(kept(shop)) == 1
    with door.enter(shop.agency):
        Purchase.objects.update(price_minor=4000)
    swept(shop)
    assert (kept(shop), shop.entries()) == ([], CREDITED)


def test_a_purchase_that_nobody_can_bring_to_its_end_is_kept(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    connections.save_stripe_keys(agency_id=shop.agency.pk, secret_key=stripe.open_account()["secret_key"])
    with door.enter(shop.agency):
        Purchase.objects.update(created_at=timezone.now() - timedelta(days=2))
        jobs.check_purchase(str(purchase.pk))
    [row] = kept(shop)
    with door.enter(shop.agency):
        Purchase.objects.update(state=Purchase.State.ABANDONED)
        sweep.look_at_purchases()
    assert kept(shop) == []
    assert (row.kind, row.client_id, "could not be found out" in row.words) == (Kind.STRIPE, shop.client.pk, True)


def test_money_that_is_only_set_aside_at_the_buyers_bank_credits_nobody(
    stripe: Sandbox, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    forgotten(shop)
    real = stripe_gateway.fetch_session

    def set_aside(**asked: Any) -> Any:
        return replace(real(**asked), payment_intent_status="requires_capture")

    monkeypatch.setattr(stripe_gateway, "fetch_session", set_aside)
    assert swept(shop).settled == 0
    assert shop.entries() == []


# --- When it runs -----------------------------------------------------------------------------------------------------


def test_the_job_looks_again_in_a_day_and_not_at_all_without_a_key(shop: Shop, globex: Agency) -> None:
    with door.enter(shop.agency):
        again_at = jobs.sweep_stripe("")
    assert again_at is not None
    assert timedelta(hours=23) < again_at - timezone.now() < timedelta(hours=25)
    assert FollowUp.objects.get(kind="reconcile").due_at > timezone.now(), "and the night compares"
    with door.enter(globex):
        assert jobs.sweep_stripe("") is None


def test_it_can_be_asked_for_and_is_rebuilt_from_the_connection(shop: Shop) -> None:
    with door.enter(shop.agency):
        sweep.schedule()
    assert agenda.claim()[0].kind == "stripe_sweep"
    FollowUp.objects.all().delete()
    due_work.rebuild(shop.agency)
    assert FollowUp.objects.filter(agency_id=shop.agency.pk, kind="stripe_sweep").exists()


def test_a_list_that_the_key_may_not_read_is_named(
    stripe: Sandbox, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from billing.stripe_gateway import lists
    from billing.stripe_shapes import StripeRightMissing

    def refused(**asked: Any) -> None:
        raise StripeRightMissing("This key lacks a right.")

    monkeypatch.setattr(lists, "fetch_events", refused)
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    forgotten(shop)
    done = swept(shop)
    assert (done.unread, done.settled) == (("events",), 1)


def test_a_package_that_is_gone_still_tells_its_payments(stripe: Sandbox, shop: Shop) -> None:
    shop.started()
    ours = {"line_items[0][price]": shop.package.stripe_price_id}
    gone = dict.fromkeys(
        [
            "line_items[0][price_data][currency]",
            "line_items[0][price_data][unit_amount]",
            "line_items[0][price_data][product_data][name]",
        ]
    )
    with door.enter(shop.agency):
        Package.objects.update(stripe_price_id="price_of_today")
    session_id = foreign(stripe, shop, **gone, **ours)
    swept(shop)
    assert [row.subject for row in kept(shop)] == [session_id]
    with door.enter(shop.agency):
        assert not Refund.objects.exists()
