"""What Stripe would send: events as it renders them, always signed. There is no way to make an unsigned one."""

import itertools
import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from inbox import stripe_signature

SECRET = "whsec_CanaryCanaryCanaryCanary01"
SECRET_KEY = "sk_test_51CanaryCanaryCanaryCanary02"
PUBLISHABLE_KEY = "pk_test_51CanaryCanaryCanaryCanary03"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Said:
    """A body as it is sent, and the header that goes with it."""

    payload: bytes
    header: str
    event_id: str

    @property
    def sent(self) -> dict[str, Any]:
        """Arguments for Django's test client."""
        headers = {"Stripe-Signature": self.header}
        return {"data": self.payload, "content_type": "application/json", "headers": headers}


def session(purchase_id: uuid.UUID | str | None, **changes: Any) -> dict[str, Any]:
    """A Checkout session of 40.00 EUR, paid, as it stands in an event."""
    reference = None if purchase_id is None else str(purchase_id)
    return {
        "id": f"cs_test_{uuid.uuid4().hex}",
        "object": "checkout.session",
        "status": "complete",
        "payment_status": "paid",
        "mode": "payment",
        "livemode": False,
        "currency": "eur",
        "amount_subtotal": 4000,
        "amount_total": 4000,
        "payment_intent": f"pi_{uuid.uuid4().hex}",
        "client_reference_id": reference,
        "metadata": {} if reference is None else {"purchase_id": reference},
        **changes,
    }


def refund(payment_intent: str, **changes: Any) -> dict[str, Any]:
    """A refund of 10.00 EUR, as it stands in an event."""
    return {
        "id": f"re_{uuid.uuid4().hex}",
        "object": "refund",
        "amount": 1000,
        "currency": "eur",
        "created": 1_790_000_000,
        "metadata": {},
        "payment_intent": payment_intent,
        "status": "succeeded",
        **changes,
    }


def dispute(payment_intent: str, *moved: int, **changes: Any) -> dict[str, Any]:
    """A dispute of 40.00 EUR, as it stands in an event, with these movements of the account's balance."""
    return {
        "id": f"du_{uuid.uuid4().hex}",
        "object": "dispute",
        "amount": 4000,
        "balance_transactions": [{"amount": amount, "currency": "eur"} for amount in moved],
        "currency": "eur",
        "created": 1_790_000_000,
        "payment_intent": payment_intent,
        "reason": "fraudulent",
        "status": "needs_response",
        **changes,
    }


def event(
    type_: str = "checkout.session.completed",
    about: dict[str, Any] | None = None,
    *,
    event_id: str = "",
    created_at: datetime | None = None,
    livemode: bool = False,
    **signing: Any,
) -> Said:
    """A signed event about this object. `signing` is passed on to `signed`."""
    event_id = event_id or f"evt_{next(_numbers)}{uuid.uuid4().hex}"
    body = {
        "id": event_id,
        "object": "event",
        "type": type_,
        "api_version": "2026-10-28.endive",
        "created": int((created_at or timezone.now()).timestamp()),
        "livemode": livemode,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "data": {"object": about or {"id": "ch_1", "object": "charge"}},
    }
    return signed(json.dumps(body, indent=2).encode(), event_id=event_id, **signing)


def signed(payload: bytes, *, secrets: list[str] | None = None, at: datetime | None = None, event_id: str = "") -> Said:
    """Any body, signed: by default with the one secret and now."""
    header = stripe_signature.sign(payload, [SECRET] if secrets is None else secrets, at or timezone.now())
    return Said(payload, header, event_id)
