"""Refunds and disputes over real sockets: done at Stripe, told by events, seen in the wallet and the purchase."""

from typing import Any

import pytest
from django.utils import timezone

from billing import disputes
from billing.models import Conflict, Dispute, Purchase, Wallet
from billing.stripe_shapes import StripeRefused, StripeUnreachable
from inbox import stripe_events
from inbox.models import EventState, StripeEvent
from notifications.models import Kind, Notification
from portal.jobs import stripe as jobs
from tenancy import door
from tests.support import booking, stripe_says
from tests.support.stripe_says import SECRET
from tests.support.stripe_world import Sandbox, Shop
from vault import connections

pytestmark = pytest.mark.django_db
State = Purchase.State


@pytest.fixture
def paid(stripe: Sandbox, shop: Shop) -> str:
    """The payment intent of a purchase that is paid at Stripe, and that nobody has told the portal of."""
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id)
    session = stripe.ask(shop.secret_key, "GET", f"checkout/sessions/{purchase.stripe_session_id}")
    return str(session["payment_intent"])


def tell(shop: Shop, stripe: Sandbox, prefix: str, *, reverse: bool = False) -> list[StripeEvent]:
    """Every event of Stripe's list whose type starts like this, oldest first, received and applied."""
    listed = stripe.ask(shop.secret_key, "GET", "events", limit=100)["data"]
    events = [one for one in listed if one["type"].startswith(prefix)]
    return [told(shop, one["type"], one["data"]["object"]) for one in (events if reverse else events[::-1])]


def told(shop: Shop, type_: str, about: dict[str, Any]) -> StripeEvent:
    said = stripe_says.event(type_, about)
    received = stripe_events.receive(
        agency_id=shop.agency.pk, payload=said.payload, header=said.header, secrets=[SECRET], now=timezone.now()
    )
    with door.enter(shop.agency):
        jobs.apply_event(str(received.id))
    return StripeEvent.objects.get(pk=received.id)


def credited(shop: Shop, stripe: Sandbox) -> None:
    tell(shop, stripe, "checkout.session.completed")
    assert shop.entries() == [("purchase", 6000)]


def after(shop: Shop) -> tuple[str, list[int]]:
    """The purchase's state, and what was booked beside the credit."""
    return shop.purchase().state, [amount for kind, amount in shop.entries() if kind != "purchase"]


def noted(kind: Kind) -> list[tuple[int, bool | None]]:
    """What the team was told, oldest first: how much, and whether the money is gone."""
    rows = Notification.objects.filter(kind=kind).order_by("noted_at")
    return [(row.facts["amount_minor"], row.facts.get("is_gone")) for row in rows]


def balance(shop: Shop) -> int:
    with door.enter(shop.agency):
        return Wallet.objects.get(pk=shop.client.pk).balance


# --- Refunds ----------------------------------------------------------------------------------------------------------


def test_trap_30_three_thirds_are_the_whole(stripe: Sandbox, shop: Shop, paid: str) -> None:
    credited(shop, stripe)
    states = []
    for amount_minor in (1333, 1333, 1334):
        stripe.refund(shop.secret_key, paid, amount_minor)
        tell(shop, stripe, "refund.")
        states.append(shop.purchase().state)
    assert states == [State.PARTLY_REFUNDED, State.PARTLY_REFUNDED, State.REFUNDED]
    assert balance(shop) == 0


def test_trap_31_three_events_of_one_refund_are_one_clawback(stripe: Sandbox, shop: Shop, paid: str) -> None:
    credited(shop, stripe)
    stripe.refund(shop.secret_key, paid, 1000)
    events = [*tell(shop, stripe, "refund."), *tell(shop, stripe, "charge.refunded"), *tell(shop, stripe, "refund.")]
    assert {event.state for event in events} == {EventState.APPLIED}
    assert after(shop) == (State.PARTLY_REFUNDED, [-1500])
    assert noted(Kind.REFUND) == [(1000, True)]


def test_trap_32_a_refund_before_the_credit_ends_at_credit_minus_clawback(
    stripe: Sandbox, shop: Shop, paid: str
) -> None:
    stripe.refund(shop.secret_key, paid, 1000)
    tell(shop, stripe, "refund.")
    tell(shop, stripe, "checkout.session.completed")
    assert after(shop) == (State.PARTLY_REFUNDED, [-1500])
    assert balance(shop) == 4500


def test_trap_33_a_refund_of_spent_credits_leaves_a_debt(stripe: Sandbox, shop: Shop, paid: str) -> None:
    credited(shop, stripe)
    with door.enter(shop.agency):
        booking.book(shop.client.pk, "call", -5000, kind=booking.Kind.USAGE)
    stripe.refund(shop.secret_key, paid, 4000)
    tell(shop, stripe, "refund.")
    assert (balance(shop), shop.purchase().state) == (-5000, State.REFUNDED)


def test_trap_34_a_refund_that_fails_gives_its_credits_back_once(stripe: Sandbox, shop: Shop, paid: str) -> None:
    credited(shop, stripe)
    refund_id = stripe.refund(shop.secret_key, paid, 1000)
    tell(shop, stripe, "refund.")
    stripe.turn(f"stripe/refunds/{refund_id}/fail")
    for _ in range(2):
        tell(shop, stripe, "refund.", reverse=True)
    assert after(shop) == (State.PAID, [-1500, 1500])
    assert noted(Kind.REFUND) == [(1000, True), (1000, False)]


def test_taxes_and_discounts_count_when_a_payment_goes_back_whole(stripe: Sandbox, shop: Shop, paid: str) -> None:
    credited(shop, stripe)
    with door.enter(shop.agency):
        Purchase.objects.update(paid_minor=400)
    stripe.refund(shop.secret_key, paid, 200)
    tell(shop, stripe, "refund.")
    assert after(shop) == (State.PARTLY_REFUNDED, [-3000])


# --- Disputes ---------------------------------------------------------------------------------------------------------


def test_trap_35_an_inquiry_takes_nothing(stripe: Sandbox, shop: Shop, paid: str) -> None:
    credited(shop, stripe)
    stripe.dispute(paid, "end_inquiry", inquiry=True)
    tell(shop, stripe, "charge.dispute.")
    assert after(shop) == (State.PAID, [])
    assert noted(Kind.DISPUTE) == [], "nobody has to answer"


def test_trap_35_a_dispute_that_is_won_nets_to_nothing(stripe: Sandbox, shop: Shop, paid: str) -> None:
    credited(shop, stripe)
    dispute_id = stripe.dispute(paid, "withdraw")
    tell(shop, stripe, "charge.dispute.")
    assert after(shop) == (State.DISPUTED, [-6000])
    for name in ("win", "reinstate"):
        stripe.turn(f"stripe/disputes/{dispute_id}/{name}")
    tell(shop, stripe, "charge.dispute.", reverse=True)
    assert after(shop) == (State.PAID, [-6000, 6000])
    assert [row.facts["status"] for row in Notification.objects.filter(kind=Kind.DISPUTE).order_by("noted_at")] == [
        "needs_response",
        "won",
    ]


def test_trap_35_a_dispute_of_refunded_money_takes_nothing_twice(stripe: Sandbox, shop: Shop, paid: str) -> None:
    credited(shop, stripe)
    stripe.refund(shop.secret_key, paid, 1000)
    stripe.dispute(paid, "withdraw")
    tell(shop, stripe, "charge.dispute.")
    assert after(shop) == (State.DISPUTED, [-1500, -4500])


def test_a_dispute_that_is_only_open_moves_the_state_and_stops_starts(stripe: Sandbox, shop: Shop, paid: str) -> None:
    credited(shop, stripe)
    stripe.dispute(paid)
    tell(shop, stripe, "charge.dispute.")
    assert after(shop) == (State.DISPUTED, [])
    with door.enter(shop.agency):
        assert disputes.stop_starts(shop.client.pk)


def test_news_of_a_dispute_that_was_lifted_stop_nothing_again(stripe: Sandbox, shop: Shop, paid: str) -> None:
    credited(shop, stripe)
    dispute_id = stripe.dispute(paid)
    tell(shop, stripe, "charge.dispute.")
    with door.enter(shop.agency):
        disputes.lift(dispute_id=Dispute.objects.get().pk, actor=booking.ADA)
    for name in ("withdraw", "lose"):
        stripe.turn(f"stripe/disputes/{dispute_id}/{name}")
    tell(shop, stripe, "charge.dispute.")
    assert after(shop) == (State.DISPUTED, [-6000])
    with door.enter(shop.agency):
        assert not disputes.stop_starts(shop.client.pk)


def test_a_bank_debit_taken_back_after_it_was_paid_is_final(stripe: Sandbox, shop: Shop) -> None:
    purchase = shop.started()
    stripe.pay(purchase.stripe_session_id, method="bank_debit", outcome="succeeded")
    tell(shop, stripe, "checkout.session.")
    stripe.dispute(str(shop.purchase().stripe_payment_intent_id), bank_reversal=True)
    tell(shop, stripe, "charge.dispute.")
    assert after(shop) == (State.DISPUTED, [-6000])


# --- What is not believed ---------------------------------------------------------------------------------------------


def test_a_refund_that_stripe_does_not_know_takes_nothing(stripe: Sandbox, shop: Shop, paid: str) -> None:
    credited(shop, stripe)
    with pytest.raises(StripeUnreachable):
        told(shop, "refund.created", stripe_says.refund(paid))
    assert after(shop) == (State.PAID, [])


def test_after_a_change_of_keys_what_stripe_signed_counts(stripe: Sandbox, shop: Shop, paid: str) -> None:
    credited(shop, stripe)
    connections.save_stripe_keys(agency_id=shop.agency.pk, secret_key=stripe.open_account()["secret_key"])
    refund = stripe_says.refund(paid)
    told(shop, "refund.created", refund)
    assert after(shop) == (State.PARTLY_REFUNDED, [-1500])
    told(shop, "refund.failed", refund | {"status": "failed"})
    told(shop, "refund.updated", refund)
    assert after(shop) == (State.PAID, [-1500, 1500])
    told(shop, "charge.dispute.funds_withdrawn", stripe_says.dispute(paid, -4000))
    assert after(shop) == (State.DISPUTED, [-1500, 1500, -6000])
    with pytest.raises(StripeRefused):
        told(shop, "charge.refunded", {"object": "charge", "payment_intent": paid})


def test_the_same_refund_with_another_amount_is_a_conflict(stripe: Sandbox, shop: Shop, paid: str) -> None:
    credited(shop, stripe)
    connections.save_stripe_keys(agency_id=shop.agency.pk, secret_key=stripe.open_account()["secret_key"])
    refund = stripe_says.refund(paid)
    told(shop, "refund.created", refund)
    event = told(shop, "refund.updated", refund | {"amount": 2000})
    assert after(shop) == (State.PARTLY_REFUNDED, [-1500])
    assert "another amount" in event.note
    with door.enter(shop.agency):
        assert Conflict.objects.get().source_id == refund["id"]


@pytest.mark.parametrize("about", [{"object": "refund"}, {"object": "refund", "payment_intent": "pi_foreign"}, {}])
def test_money_of_other_payments_is_ignored_and_visible(shop: Shop, about: dict[str, Any]) -> None:
    event = told(shop, "refund.created", about)
    assert (event.state, bool(event.note)) == (EventState.IGNORED, True)
