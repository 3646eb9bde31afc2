"""Receipts: who still waits for one, what stands on it that the purchase does not say, and that it was sent once."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from billing import stripe_gateway
from billing.models import LedgerEntry, Purchase

KIND = "receipt"
# Stripe writes its own receipt meanwhile, and whoever else pays now is credited first.
AFTER = timedelta(seconds=10)


def unsent() -> QuerySet[Purchase]:
    """Credited purchases whose receipt was not sent. Who has no address any more waits for none."""
    return Purchase.objects.filter(paid_at__isnull=False, receipt_sent_at=None).exclude(client__email="")


def balance_after(purchase: Purchase) -> int | None:
    """Seconds that the client had once this purchase was credited; None for what has no credits."""
    credited = LedgerEntry.objects.filter(kind=LedgerEntry.Kind.PURCHASE, source="stripe", source_id=str(purchase.pk))
    return credited.values_list("balance_after", flat=True).first()


def keep_stripes_own(*, purchase_id: UUID, secret_key: str) -> str:
    """Find Stripe's invoice or receipt of a purchase and keep its address; "" when there is none.

    Raises the failures of stripe_shapes. Not to be called inside a transaction.
    """
    purchase = Purchase.objects.get(pk=purchase_id)
    if purchase.receipt_url or not purchase.stripe_session_id:
        return purchase.receipt_url
    url = stripe_gateway.fetch_receipt_url(secret_key=secret_key, session_id=purchase.stripe_session_id)
    Purchase.objects.filter(pk=purchase_id).update(receipt_url=url)
    return url


def note_sent(*, purchase_id: UUID, at: datetime) -> None:
    """Remember that the receipt has left. It is not sent a second time."""
    Purchase.objects.filter(pk=purchase_id, receipt_sent_at=None).update(receipt_sent_at=at)
