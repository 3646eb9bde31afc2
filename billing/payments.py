"""What became of a payment after it was made: every news of a refund or a dispute ends in the one `settle` below.

Stripe is asked what is true now before the transaction; under the purchase's lock exactly the difference is booked. A
refund that comes before the credit brings the credit with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing import disputes, purchases, refunds, returns, stripe_gateway
from billing.models import Purchase
from billing.purchases import ForeignSession
from billing.stripe_shapes import (
    CheckoutState,
    DisputeState,
    RefundState,
    StripeMissing,
    StripeRefused,
    StripeUnreachable,
)

Seen = TypeVar("Seen", RefundState, DisputeState)


@dataclass(frozen=True, slots=True)
class PaymentState:
    """A payment as Stripe shows it now. `session` is asked for only while the purchase is not credited."""

    purchase_id: UUID
    payment_intent: str
    session: CheckoutState | None
    refunds: list[RefundState]
    disputes: list[DisputeState]


def look_up(
    *, payment_intent: str, livemode: bool, told: RefundState | DisputeState | None, secret_key: str | None
) -> PaymentState:
    """The payment that a signed event is about, as it is at Stripe now. `told` is the refund or dispute in the event.

    Where the key cannot see the payment (replaced, or lacking a right), what Stripe signed stands, if it is ours.
    Raises ForeignSession for one that is no purchase's, StripeUnreachable, or StripeRefused when neither helps.
    Not to be called inside a transaction.
    """
    purchase = Purchase.objects.filter(stripe_payment_intent_id=payment_intent).first() if payment_intent else None
    session = None
    if purchase is None or purchase.paid_at is None:
        session = _session(payment_intent, secret_key)
        purchase = Purchase.objects.filter(pk=session.purchase_id).first() if session.purchase_id else None
    if purchase is None or purchase.livemode != livemode:
        raise ForeignSession(_("No purchase in this portal belongs to this payment."))

    def refunds_now(key: str) -> list[RefundState]:
        return stripe_gateway.fetch_refunds(secret_key=key, payment_intent=payment_intent)

    def disputes_now(key: str) -> list[DisputeState]:
        return stripe_gateway.fetch_disputes(secret_key=key, payment_intent=payment_intent)

    told_refund = told if isinstance(told, RefundState) else None
    told_dispute = told if isinstance(told, DisputeState) else None
    return PaymentState(
        purchase_id=purchase.pk,
        payment_intent=payment_intent,
        session=session,
        refunds=_seen(refunds_now, told_refund, secret_key, is_needed=told_dispute is None),
        disputes=_seen(disputes_now, told_dispute, secret_key, is_needed=told_dispute is not None),
    )


def settle(*, state: PaymentState) -> Purchase:
    """Bring wallet and purchase to what the payment is now, in one transaction (or within the caller's).

    Raises ForeignSession for a payment other than the one that the purchase was credited for.
    """
    with transaction.atomic():
        if state.session is not None:
            purchases.settle(state=state.session)
        purchase = Purchase.objects.select_for_update(no_key=True).get(pk=state.purchase_id)
        if purchase.stripe_payment_intent_id not in ("", state.payment_intent):
            raise ForeignSession(_("A second payment for this purchase: it brought no credits and takes none."))
        for refund in state.refunds:
            refunds.note(purchase=purchase, state=refund)
        for dispute in state.disputes:
            disputes.note(purchase=purchase, state=dispute)
        returns.book(purchase)
        purchase.save()
    return purchase


def _session(payment_intent: str, secret_key: str | None) -> CheckoutState:
    """The session of a payment that is not credited here."""
    try:
        if payment_intent and secret_key is not None:
            found = stripe_gateway.fetch_session_of(secret_key=secret_key, payment_intent=payment_intent)
            if found is not None:
                return found
    except StripeMissing as missing:
        raise ForeignSession(_("Stripe does not know this payment in the account of your key.")) from missing
    raise ForeignSession(_("This payment was not started in the portal."))


def _seen(
    ask: Callable[[str], list[Seen]], told: Seen | None, secret_key: str | None, *, is_needed: bool
) -> list[Seen]:
    """What Stripe shows, or what it signed where it shows us nothing."""
    signed = [] if told is None else [told]
    if secret_key is None:
        return signed
    try:
        shown = ask(secret_key)
    except StripeRefused:
        if is_needed and not signed:
            raise
        return signed
    if told is not None and told.id not in {one.id for one in shown}:
        raise StripeUnreachable(_("Stripe does not show yet what it told. It is looked at again."))
    return shown
