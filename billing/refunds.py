"""Refunds: asked for here or made at Stripe, kept so that their state only ever moves on.

What is asked for here is a row before Stripe hears of it, with a follow-up that asks until there is an answer: asking
again is the same refund. Credits go when the money goes, and come back when a refund fails days later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from billing import clawback, returns, stripe_gateway, wallets
from billing.models import Purchase, Refund
from billing.stripe_shapes import (
    RefundState,
    StripeKeyRefused,
    StripeMissing,
    StripeRefused,
    StripeRightMissing,
)
from follow_ups import agenda
from notifications import notes
from notifications.models import Kind

CHECK_KIND = "refund_check"
# Stripe forgets a key of idempotency after 24 hours. Asked once more then, it would be a second refund.
ASKED_AGAIN_UNTIL = timedelta(hours=23)
LOOKS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=8))
LAST_LOOK = ASKED_AGAIN_UNTIL + timedelta(minutes=30)
LATER_LOOKS_EVERY = timedelta(days=1)
# These say nothing about the refund: another key may have had it made before.
_ABOUT_THE_KEY = (StripeKeyRefused, StripeRightMissing, StripeMissing)
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


class NothingWasPaid(NotRefundable):
    """A promotion made the purchase cost nothing, so there is nothing to give back."""


class MoreThanIsLeft(ValueError):
    """More was to be given back than is left of the payment. The argument is what is left, in minor units."""


class ReasonMissing(ValueError):
    """A refund that is asked for here says why."""


class FormTokenUsed(ValueError):
    """The form's token belongs to another refund."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a refund would do to the wallet now. Seconds; the balance may fall below zero."""

    balance: int
    takes: int

    @property
    def balance_after(self) -> int:
        return self.balance - self.takes


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
    stripe_shapes: after StripeUnreachable the follow-up goes on asking, and the same form may be sent again. Not to be
    called inside a transaction.
    """
    refund, is_new = _asked(purchase_id, amount_minor, reason.strip()[:300], actor, form_token)
    if refund.state == Refund.State.ASKED:
        _decide(refund, secret_key, was_asked_before=not is_new)
        refund.refresh_from_db()
    return refund


def check(*, refund_id: UUID, secret_key: str) -> Refund:
    """Ask Stripe about a refund whose answer was lost. It stays ASKED when Stripe cannot say.

    Raises Refund.DoesNotExist and the failures of stripe_shapes. Not to be called inside a transaction.
    """
    refund = Refund.objects.select_related("purchase").get(pk=refund_id)
    if refund.state == Refund.State.ASKED:
        _decide(refund, secret_key, was_asked_before=True)
        refund.refresh_from_db()
    return refund


def next_look_at(refund: Refund, now: datetime) -> datetime | None:
    """When to ask again about a refund that Stripe has not decided, on a widening schedule; None when it has."""
    if refund.state != Refund.State.ASKED:
        return None
    looks = (refund.created_at + look for look in (*LOOKS, LAST_LOOK))
    return next((at for at in looks if at > now), now + LATER_LOOKS_EVERY)


def undecided() -> QuerySet[Refund]:
    """Refunds that were asked for and that Stripe has not answered."""
    return Refund.objects.filter(state=Refund.State.ASKED)


def effect(*, purchase: Purchase, amount_minor: int) -> Effect:
    """What a refund of so much would do to the client's wallet, to be shown before it is asked for.

    Raises MoreThanIsLeft.
    """
    _refuse_more_than_is_left(purchase, amount_minor)
    balance = wallets.get(purchase.client_id).balance
    return Effect(balance, would_take(purchase=purchase, amount_minor=amount_minor))


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


def refuse_unless_refundable(purchase: Purchase) -> None:
    """Nothing for a purchase that money can be given back for, as far as its state says. Raises NotRefundable."""
    if purchase.is_free:
        raise NothingWasPaid(purchase.pk)
    if purchase.state not in _REFUNDABLE:
        raise NotRefundable(purchase.pk)


def note(*, purchase: Purchase, state: RefundState) -> None:
    """Keep what Stripe says of a refund, under the purchase's lock. Older news than what is known change nothing."""
    refund = Refund.objects.filter(stripe_refund_id=state.id).first() or _asked_here(purchase, state)
    returned_before = 0 if refund is None else refund.returned_minor
    if refund is None:
        refund = Refund(purchase=purchase, state=_state(state))
    elif returns.has_changed(purchase, refund, amount_minor=state.amount_minor, currency=state.currency):
        return
    refund.stripe_refund_id, refund.created_at = state.id, state.happened_at
    refund.amount_minor, refund.currency = state.amount_minor, state.currency
    refund.state = max(Refund.State(refund.state), _state(state), key=lambda one: _RANKS[one])
    refund.save()
    if bool(refund.returned_minor) != bool(returned_before):
        _tell(purchase, refund)


def _tell(purchase: Purchase, refund: Refund) -> None:
    """Money has gone, or has come back because a refund failed."""
    is_gone = bool(refund.returned_minor)
    facts: dict[str, notes.Fact] = {
        "purchase": str(purchase.pk),
        "amount_minor": refund.amount_minor,
        "currency": refund.currency,
        "is_gone": is_gone,
    }
    subject = str(refund.pk) if is_gone else f"{refund.pk}:failed"
    notes.note(Kind.REFUND, subject=subject, clients=[purchase.client_id], facts=facts)


def _refuse_more_than_is_left(purchase: Purchase, amount_minor: int) -> None:
    left = left_minor(purchase)
    if not 0 < amount_minor <= left:
        raise MoreThanIsLeft(left)


def _decide(refund: Refund, secret_key: str, *, was_asked_before: bool) -> None:
    """Have Stripe decide, while it knows the key of idempotency; afterwards find out what it has decided."""
    may_ask = timezone.now() < refund.created_at + ASKED_AGAIN_UNTIL
    try:
        state = _made(refund, secret_key) if may_ask else _found(refund, secret_key)
    except StripeRefused as refused:
        if not (isinstance(refused, _ABOUT_THE_KEY) and was_asked_before):
            _refuse(refund)
        raise
    if state is None:
        _refuse(refund)
        return
    with transaction.atomic():
        purchase = Purchase.objects.select_for_update(no_key=True).get(pk=refund.purchase_id)
        note(purchase=purchase, state=state)
        returns.book(purchase)
        purchase.save()


def _made(refund: Refund, secret_key: str) -> RefundState:
    return stripe_gateway.create_refund(
        secret_key=secret_key,
        payment_intent=refund.purchase.stripe_payment_intent_id,
        amount_minor=refund.amount_minor,
        refund_id=refund.pk,
    )


def _found(refund: Refund, secret_key: str) -> RefundState | None:
    """What Stripe has made of it, by our id in the refund's metadata; None when it never was made."""
    made = stripe_gateway.fetch_refunds(secret_key=secret_key, payment_intent=refund.purchase.stripe_payment_intent_id)
    return next((state for state in made if state.refund_id == str(refund.pk)), None)


def _refuse(refund: Refund) -> None:
    Refund.objects.filter(pk=refund.pk, state=Refund.State.ASKED).update(state=Refund.State.REFUSED)


def _asked(
    purchase_id: UUID, amount_minor: int, reason: str, actor: Mapping[str, str], form_token: UUID
) -> tuple[Refund, bool]:
    """The refund of this form, committed with its follow-up before Stripe hears of it, and whether it is new."""
    with transaction.atomic():
        purchase = Purchase.objects.select_for_update(no_key=True).get(pk=purchase_id)
        before = Refund.objects.select_related("purchase").filter(form_token=form_token).first()
        if before is not None:
            if (before.purchase_id, before.amount_minor) != (purchase_id, amount_minor):
                raise FormTokenUsed(form_token)
            return before, False
        refuse_unless_refundable(purchase)
        _refuse_more_than_is_left(purchase, amount_minor)
        if not reason:
            raise ReasonMissing(purchase_id)
        refund = Refund.objects.create(
            purchase=purchase,
            amount_minor=amount_minor,
            currency=purchase.currency,
            state=Refund.State.ASKED,
            reason=reason,
            asked_by=dict(actor),
            form_token=form_token,
        )
        agenda.schedule(kind=CHECK_KIND, subject=str(refund.pk), due_at=refund.created_at + LOOKS[0])
        return refund, True


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
