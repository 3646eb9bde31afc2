"""Purchases that are paid and booked at a moment of the test's choice, with credits that may expire."""

from datetime import datetime, timedelta
from uuid import uuid4

from django.utils import timezone

from billing import ledger
from billing.models import Dispute, Package, Purchase, Refund
from clients.models import Client
from tests.support.booking import Kind, book


def bought(
    client: Client,
    seconds: int,
    *,
    lifetime_days: int | None = None,
    paid_at: datetime | None = None,
    livemode: bool = False,
) -> Purchase:
    """A paid purchase of this many seconds, and its entry."""
    package = Package.objects.create(name="Starter", credits=100, price_minor=4_000)
    purchase = Purchase.objects.create(
        client=client,
        package=package,
        package_name="Starter",
        seconds=seconds,
        lifetime_days=lifetime_days,
        price_minor=4_000,
        currency="eur",
        livemode=livemode,
        stripe_price_id="price_1",
        state="paid",
        paid_at=paid_at or timezone.now(),
    )
    book(client.pk, purchase.pk, seconds, kind=Kind.PURCHASE, source="stripe", livemode=livemode)
    return purchase


def ended(client: Client, seconds: int, *, days_ago: int = 1) -> Purchase:
    """A purchase whose credits expired some days ago, and have not been looked at since."""
    return bought(client, seconds, lifetime_days=10, paid_at=timezone.now() - timedelta(days=10 + days_ago))


def refund(purchase: Purchase, seconds: int) -> Refund:
    """A refund at Stripe that takes so many seconds."""
    row = Refund.objects.create(
        purchase=purchase, stripe_refund_id=f"re_{uuid4().hex}", amount_minor=100, currency="eur", state="succeeded"
    )
    book(purchase.client_id, row.stripe_refund_id, -seconds, kind=Kind.REFUND, source="stripe")
    return row


def refund_undone(row: Refund, seconds: int) -> ledger.Posting:
    """The refund failed: so many seconds come back."""
    client_id = row.purchase.client_id
    return book(client_id, f"{row.stripe_refund_id}#2", seconds, kind=Kind.REFUND_REVERSAL, source="stripe")


def dispute(purchase: Purchase, seconds: int) -> Dispute:
    """A dispute at Stripe that takes so many seconds."""
    row = Dispute.objects.create(
        purchase=purchase, stripe_dispute_id=f"dp_{uuid4().hex}", amount_minor=100, currency="eur", status="lost"
    )
    book(purchase.client_id, row.stripe_dispute_id, -seconds, kind=Kind.DISPUTE, source="stripe")
    return row
