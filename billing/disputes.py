"""Disputes of purchases: what Stripe tells is kept so that it only ever moves on, and late news change nothing.

Money that was withdrawn is what costs credits. Everything else moves the purchase's state alone. While a purchase is
disputed, its client starts nothing new.
"""

from uuid import UUID

from billing import returns
from billing.models import Dispute, Purchase
from billing.stripe_shapes import DisputeState

_INQUIRY = ("warning_needs_response", "warning_under_review", "warning_closed")
_ENDS = ("prevented", "lost", "won")


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
    if is_new or returns.has_changed(purchase, dispute, amount_minor=state.amount_minor, currency=state.currency):
        return
    dispute.amount_minor, dispute.currency = state.amount_minor, state.currency
    dispute.withdrawn_minor = max(dispute.withdrawn_minor, state.withdrawn_minor)
    dispute.reinstated_minor = max(dispute.reinstated_minor, state.reinstated_minor)
    dispute.status = max(dispute.status, state.status, key=_rank)
    dispute.save()


def stop_starts(client_id: UUID) -> bool:
    """Whether a payment of the client is disputed, so that nothing new may start."""
    return Purchase.objects.filter(client_id=client_id, state=Purchase.State.DISPUTED).exists()


def _rank(status: str) -> tuple[int, str]:
    """How far a dispute has come. A status that is not known lies between its beginning and its end."""
    if status in _INQUIRY:
        return _INQUIRY.index(status), ""
    if status in _ENDS:
        return 20 + _ENDS.index(status), ""
    return (10, "") if status == "needs_response" else (11, status)
