"""Disputes of purchases: what Stripe tells is kept so that it only ever moves on, and late news change nothing.

Money that was withdrawn is what costs credits. Everything else moves the purchase's state alone. While a purchase is
disputed, its client starts nothing new, until the agency lifts that; a later dispute stops again.
"""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from billing import returns
from billing.models import Dispute, Purchase
from billing.stripe_shapes import DisputeState
from notifications import notes
from notifications.models import Kind

_INQUIRY = ("warning_needs_response", "warning_under_review", "warning_closed")
_ENDS = ("prevented", "lost", "won")
_DECIDED = ("lost", "won")
# Nobody has to answer these (any more).
_SILENT = ("prevented", "warning_under_review", "warning_closed")


def note(*, purchase: Purchase, state: DisputeState) -> None:
    """Keep what Stripe says of a dispute, under the purchase's lock. Older news than what is known change nothing."""
    dispute, is_new = Dispute.objects.get_or_create(
        stripe_dispute_id=state.id,
        defaults={
            "purchase": purchase,
            "amount_minor": state.amount_minor,
            "currency": state.currency,
            "status": state.status,
            "reason": state.reason[:80],
            "withdrawn_minor": state.withdrawn_minor,
            "reinstated_minor": state.reinstated_minor,
            "created_at": state.happened_at,
        },
    )
    if is_new:
        if dispute.status not in _SILENT:
            _tell(purchase, dispute, subject=str(dispute.pk))
        return
    if returns.has_changed(purchase, dispute, amount_minor=state.amount_minor, currency=state.currency):
        return
    dispute.amount_minor, dispute.currency = state.amount_minor, state.currency
    dispute.withdrawn_minor = max(dispute.withdrawn_minor, state.withdrawn_minor)
    dispute.reinstated_minor = max(dispute.reinstated_minor, state.reinstated_minor)
    before, dispute.status = dispute.status, max(dispute.status, state.status, key=_rank)
    dispute.save()
    if dispute.status != before and dispute.status in _DECIDED:
        _tell(purchase, dispute, subject=f"{dispute.pk}:{dispute.status}")


def _tell(purchase: Purchase, dispute: Dispute, *, subject: str) -> None:
    """The agency has a deadline, and hears how it was decided."""
    facts: dict[str, notes.Fact] = {
        "purchase": str(purchase.pk),
        "amount_minor": dispute.amount_minor,
        "currency": dispute.currency,
        "status": dispute.status,
    }
    notes.note(Kind.DISPUTE, subject=subject, clients=[purchase.client_id], facts=facts)


class NothingIsStopped(ValueError):
    """The dispute stops nothing (any more): it was lifted, or decided for the agency."""


def stopping(client_id: UUID) -> QuerySet[Dispute]:
    """The disputes that keep the client from starting anything new, oldest first, with their purchases."""
    return _stopping().filter(purchase__client_id=client_id).order_by("created_at", "pk")


def stop_starts(client_id: UUID) -> bool:
    """Whether a payment of the client is disputed, so that nothing new may start."""
    return stopping(client_id).exists()


def stopped_clients() -> int:
    """How many clients can start nothing new because of a dispute."""
    return _stopping().values("purchase__client_id").distinct().count()


def lift(*, dispute_id: UUID, actor: Mapping[str, str]) -> Dispute:
    """Let the client start again in spite of this dispute. What it took from the wallet stays taken.

    Raises Dispute.DoesNotExist, NothingIsStopped.
    """
    with transaction.atomic():
        purchase_id = Dispute.objects.values_list("purchase_id", flat=True).get(pk=dispute_id)
        # News of the dispute save the whole row, under the same lock.
        Purchase.objects.select_for_update(no_key=True).get(pk=purchase_id)
        dispute = _stopping().filter(pk=dispute_id).first()
        if dispute is None:
            raise NothingIsStopped(dispute_id)
        dispute.lifted_at, dispute.lifted_by = timezone.now(), dict(actor)
        dispute.save(update_fields=["lifted_at", "lifted_by"])
    return dispute


def _stopping() -> QuerySet[Dispute]:
    is_against = ~Q(status__in=returns.HARMLESS) | Q(withdrawn_minor__gt=F("reinstated_minor"))
    disputed = Dispute.objects.select_related("purchase").filter(purchase__state=Purchase.State.DISPUTED)
    return disputed.filter(is_against, lifted_at=None)


def _rank(status: str) -> tuple[int, str]:
    """How far a dispute has come. A status that is not known lies between its beginning and its end."""
    if status in _INQUIRY:
        return _INQUIRY.index(status), ""
    if status in _ENDS:
        return 20 + _ENDS.index(status), ""
    return (10, "") if status == "needs_response" else (11, status)
