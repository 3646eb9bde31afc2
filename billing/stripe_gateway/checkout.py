"""Checkout: a page where a purchase is paid, and what became of it."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, cast

import stripe

from billing import stripe_shapes
from billing.stripe_gateway.asking import asking
from billing.stripe_shapes import CheckoutSession, CheckoutState

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams


def create_checkout(
    *,
    secret_key: str,
    purchase_id: uuid.UUID,
    price_id: str,
    email: str,
    success_url: str,
    cancel_url: str,
    expires_at: datetime,
) -> CheckoutSession:
    """A page of Stripe's where this purchase can be paid. Asked again with the same values, it is the same page.

    `success_url` may hold a literal `{CHECKOUT_SESSION_ID}`, which Stripe fills in: never percent-encode it.
    """
    reference = {"purchase_id": str(purchase_id)}
    params = {
        "mode": "payment",
        "line_items": [{"price": price_id, "quantity": 1}],
        "client_reference_id": str(purchase_id),
        "metadata": reference,
        # Refunds and disputes name the payment intent; the session's metadata does not reach it.
        "payment_intent_data": {"metadata": reference},
        "success_url": success_url,
        "cancel_url": cancel_url,
        "expires_at": int(expires_at.timestamp()),
        # The buyer sees and pays the currency of the package, which is what settling compares.
        "adaptive_pricing": {"enabled": False},
        **({"customer_email": email} if email else {}),
    }
    with asking(secret_key) as client:
        session = client.v1.checkout.sessions.create(
            cast("SessionCreateParams", params), {"idempotency_key": str(purchase_id)}
        )
        return CheckoutSession(session.id, session.url or "")


def fetch_session(*, secret_key: str, session_id: str) -> CheckoutState:
    """The session as it is now, with its payment's state where the key may read that. Raises StripeMissing."""
    with asking(secret_key) as client:
        try:
            session = client.v1.checkout.sessions.retrieve(session_id, {"expand": ["payment_intent"]})
        except stripe.PermissionError:
            session = client.v1.checkout.sessions.retrieve(session_id)
        return stripe_shapes.checkout_state(session.to_dict())


def fetch_session_of(*, secret_key: str, payment_intent: str) -> CheckoutState | None:
    """The session that led to this payment, or None when it came about without one. Raises StripeMissing."""
    with asking(secret_key) as client:
        found = client.v1.checkout.sessions.list({"payment_intent": payment_intent, "limit": 1}).data
        return stripe_shapes.checkout_state(found[0].to_dict()) if found else None
