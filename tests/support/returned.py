"""Purchases whose money went back, as rows: for pages and calls that only look at how a dispute or refund stands."""

from typing import Any
from uuid import uuid4

from billing.models import Dispute, Package, Purchase
from clients.models import Client


def disputed(client: Client, status: str = "needs_response", *, withdrawn_minor: int = 0, **fields: Any) -> Dispute:
    """A purchase of 100 credits for 40.00 EUR of this client that is disputed. In the agency's schema."""
    package = Package.objects.create(name="100 credits", credits=100, price_minor=4000)
    purchase = Purchase.objects.create(
        client=client,
        package=package,
        package_name="100 credits",
        seconds=6000,
        price_minor=4000,
        paid_minor=4000,
        currency="eur",
        livemode=False,
        stripe_price_id="price_1",
        stripe_payment_intent_id=f"pi_{uuid4().hex}",
        state=Purchase.State.DISPUTED,
        paid_at="2026-11-20T10:00:00Z",
    )
    return Dispute.objects.create(
        purchase=purchase,
        stripe_dispute_id=f"du_{uuid4().hex}",
        amount_minor=4000,
        currency="eur",
        status=status,
        reason="fraudulent",
        withdrawn_minor=withdrawn_minor,
        **fields,
    )
