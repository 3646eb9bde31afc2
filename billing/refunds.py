"""Refunds: asked for here or made at Stripe, kept so that their state only ever moves on.

What is asked for here is a row before Stripe hears of it, and asking again is the same refund. Credits go when the
money goes, and come back when a refund fails days later.
"""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction

from billing import clawback, returns, stripe_gateway
from billing.models import Purchase, Refund
from billing.stripe_shapes import RefundState, StripeRefused

_REFUNDABLE = (Purchase.State.PAID, Purchase.State.PARTLY_REFUNDED)
_LOST = (Refund.State.CANCELED, Refund.State.FAILED, Refund.State.REFUSED)
_RANKS = {
    Refund.State.ASKED: 0,
    Refund.State.REFUSED: 1,
    Refund.State.REQUIRES_ACTION: 2,
    Refund.State.PENDING: 3,
    Refund.State.SUCCEEDED: 4,
    Refund.State.CANCELED: 5,
    Refund.State.FAILED: 6,
}


class NotRefundable(ValueError):
    """The purchase was not paid, is refunded whole, or is disputed: then the bank decides."""


class MoreThanIsLeft(ValueError):
    """More was to be given back than is left of the payment. The argument is what is left, in minor units."""


class ReasonMissing(ValueError):
    """A refund that is asked for here says why."""


class FormTokenUsed(ValueError):
    """The form's token belongs to another refund."""


def create(
    *,
    purchase_id: UUID,
    amount_minor: int,
    reason: str,
    actor: Mapping[str, str],
    form_token: UUID,
    secret_key: str,
) -> Refund:
    """Give so much of a purchase back, in minor units of its currency, and take its credits. One form is one refund.

    Raises Purchase.DoesNotExist, NotRefundable, MoreThanIsLeft, ReasonMissing, FormTokenUsed and the failures of
    stripe_shapes: after StripeUnreachable the same form may be sent again. Not to be called inside a transaction.
    """
    refund = _asked(purchase_id, amount_minor, reason.strip()[:300], actor, form_token)
    if refund.state != Refund.State.ASKED:
        return refund
    try:
        state = stripe_gateway.create_refund(
            secret_key=secret_key,
            payment_intent=refund.purchase.stripe_payment_intent_id,
            amount_minor=refund.amount_minor,
            refund_id=refund.pk,
        )
    except StripeRefused:
        Refund.objects.filter(pk=refund.pk, state=Refund.State.ASKED).update(state=Refund.State.REFUSED)
        raise
    with transaction.atomic():
        purchase = Purchase.objects.select_for_update(no_key=True).get(pk=purchase_id)
        note(purchase=purchase, state=state)
        returns.book(purchase)
        purchase.save()
    refund.refresh_from_db()
    return refund


def would_take(*, purchase: Purchase, amount_minor: int) -> int:
    """Seconds that a refund of so much would take from the wallet now, to be shown before it is asked for."""
    returned = sum(row.returned_minor for row in returns.known(purchase) if row.currency == purchase.currency)
    taken, would_be = (
        clawback.credits_to_remove(
            seconds=purchase.seconds, paid_minor=returns.paid_minor(purchase), returned_minor=minor
        )
        for minor in (returned, returned + amount_minor)
    )
    return would_be - taken


def left_minor(purchase: Purchase) -> int:
    """What can still be given back, in minor units: what was paid, less refunds that stand or are asked for."""
    rows = Refund.objects.filter(purchase=purchase).exclude(state__in=_LOST)
    return max(returns.paid_minor(purchase) - sum(row.amount_minor for row in rows), 0)


def note(*, purchase: Purchase, state: RefundState) -> None:
    """Keep what Stripe says of a refund, under the purchase's lock. Older news than what is known change nothing."""
    refund = Refund.objects.filter(stripe_refund_id=state.id).first() or _asked_here(purchase, state)
    if refund is None:
        refund = Refund(purchase=purchase, state=_state(state))
    elif returns.has_changed(purchase, refund, amount_minor=state.amount_minor, currency=state.currency):
        return
    refund.stripe_refund_id, refund.created_at = state.id, state.happened_at
    refund.amount_minor, refund.currency = state.amount_minor, state.currency
    refund.state = max(Refund.State(refund.state), _state(state), key=lambda one: _RANKS[one])
    refund.save()


def _asked(purchase_id: UUID, amount_minor: int, reason: str, actor: Mapping[str, str], form_token: UUID) -> Refund:
    """The refund of this form, committed before Stripe hears of it."""
    with transaction.atomic():
        purchase = Purchase.objects.select_for_update(no_key=True).get(pk=purchase_id)
        before = Refund.objects.select_related("purchase").filter(form_token=form_token).first()
        if before is not None:
            if (before.purchase_id, before.amount_minor) != (purchase_id, amount_minor):
                raise FormTokenUsed(form_token)
            return before
        if purchase.state not in _REFUNDABLE:
            raise NotRefundable(purchase_id)
        if not 0 < amount_minor <= left_minor(purchase):
            raise MoreThanIsLeft(left_minor(purchase))
        if not reason:
            raise ReasonMissing(purchase_id)
        return Refund.objects.create(
            purchase=purchase,
            amount_minor=amount_minor,
            currency=purchase.currency,
            state=Refund.State.ASKED,
            reason=reason,
            asked_by=dict(actor),
            form_token=form_token,
        )


def _asked_here(purchase: Purchase, state: RefundState) -> Refund | None:
    """The row of a refund that was asked for here and whose answer comes now."""
    try:
        return Refund.objects.filter(pk=UUID(state.refund_id), purchase=purchase, stripe_refund_id=None).first()
    except ValueError:
        return None


def _state(state: RefundState) -> Refund.State:
    """Stripe's status. One that is not known counts as on its way: the money may be gone."""
    try:
        return Refund.State(state.status)
    except ValueError:
        return Refund.State.PENDING
