"""Money that goes back: refunds and disputes of a payment."""

import uuid

from billing import stripe_shapes
from billing.stripe_gateway.asking import asking
from billing.stripe_shapes import DisputeState, RefundState


def fetch_refunds(*, secret_key: str, payment_intent: str) -> list[RefundState]:
    """Every refund of this payment as it is now. Raises StripeMissing."""
    with asking(secret_key) as client:
        pages = client.v1.refunds.list({"payment_intent": payment_intent, "limit": 100})
        return [stripe_shapes.refund_state(one.to_dict()) for one in pages.auto_paging_iter()]


def fetch_disputes(*, secret_key: str, payment_intent: str) -> list[DisputeState]:
    """Every dispute of this payment as it is now, with what it has moved. Raises StripeMissing."""
    with asking(secret_key) as client:
        pages = client.v1.disputes.list({"payment_intent": payment_intent, "limit": 100})
        return [stripe_shapes.dispute_state(one.to_dict()) for one in pages.auto_paging_iter()]


def create_refund(*, secret_key: str, payment_intent: str, amount_minor: int, refund_id: uuid.UUID) -> RefundState:
    """Give so much of this payment back. Asked again with the same `refund_id`, it is the same refund.

    Raises StripeRefused: more than is left, a disputed payment, too little money in the account.
    """
    with asking(secret_key) as client:
        refund = client.v1.refunds.create(
            {"payment_intent": payment_intent, "amount": amount_minor, "metadata": {"refund_id": str(refund_id)}},
            {"idempotency_key": f"refund-{refund_id}"},
        )
        return stripe_shapes.refund_state(refund.to_dict())
