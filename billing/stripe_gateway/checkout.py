"""Checkout: a page where a purchase is paid, and what became of it."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import stripe

from billing import stripe_shapes
from billing.checkout_options import Options
from billing.stripe_gateway.asking import asking
from billing.stripe_shapes import CheckoutSession, CheckoutState, InlinePrice

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams


def create_checkout(
    *,
    secret_key: str,
    purchase_id: uuid.UUID,
    price: str | InlinePrice,
    email: str,
    success_url: str,
    cancel_url: str,
    expires_at: datetime,
    options: Options,
) -> CheckoutSession:
    """A page of Stripe's where this purchase can be paid. Asked again with the same values, it is the same page.

    `price` is Stripe's id of one, or an amount that is the client's own. `success_url` may hold a literal
    `{CHECKOUT_SESSION_ID}`, which Stripe fills in: never percent-encode it.
    """
    reference = {"purchase_id": str(purchase_id)}
    params = _behaving(options) | {
        "mode": "payment",
        "line_items": [_line(price)],
        "client_reference_id": str(purchase_id),
        "metadata": reference,
        # Refunds and disputes name the payment intent; the session's metadata does not reach it.
        "payment_intent_data": {"metadata": reference} | _on_statements(options),
        "success_url": success_url,
        "cancel_url": cancel_url,
        "expires_at": int(expires_at.timestamp()),
        **({"customer_email": email} if email else {}),
    }
    # Other options under the same key would be refused: they may have changed since an answer was lost.
    key = str(purchase_id) if options == Options() else str(uuid.uuid5(purchase_id, repr(options)))
    with asking(secret_key) as client:
        session = client.v1.checkout.sessions.create(cast("SessionCreateParams", params), {"idempotency_key": key})
        return CheckoutSession(session.id, session.url or "")


def try_checkout(*, secret_key: str, options: Options, price_id: str, currency: str, back_url: str) -> None:
    """Make a page with these options and close it. Raises what Stripe says when it does not agree with them.

    Without a price a made-up one is tried, of 10.00 in this currency.
    """
    made_up = {"currency": currency, "unit_amount": 1000, "product_data": {"name": "Trial"}}
    params = _behaving(options) | {
        "mode": "payment",
        "line_items": [{"price": price_id, "quantity": 1} if price_id else {"price_data": made_up, "quantity": 1}],
        "metadata": {"trial": "checkout"},
        "success_url": back_url,
        **({"payment_intent_data": said} if (said := _on_statements(options)) else {}),
    }
    with asking(secret_key) as client:
        session = client.v1.checkout.sessions.create(cast("SessionCreateParams", params))
        client.v1.checkout.sessions.expire(session.id)


def close_checkout(*, secret_key: str, session_id: str) -> None:
    """Let nobody pay on this page any more. Raises StripeRefused when it is paid or closed already."""
    with asking(secret_key) as client:
        client.v1.checkout.sessions.expire(session_id)


def fetch_receipt_url(*, secret_key: str, session_id: str) -> str:
    """Where the buyer finds Stripe's own invoice, or else its receipt, for this session; "" when there is none.

    Raises StripeRightMissing when the key may not read them.
    """
    with asking(secret_key) as client:
        wanted = ["invoice", "payment_intent.latest_charge"]
        session = client.v1.checkout.sessions.retrieve(session_id, {"expand": wanted}).to_dict()
        charge = (session.get("payment_intent") or {}).get("latest_charge") or {}
        return (session.get("invoice") or {}).get("hosted_invoice_url") or charge.get("receipt_url") or ""


def _line(price: str | InlinePrice) -> dict[str, Any]:
    if isinstance(price, str):
        return {"price": price, "quantity": 1}
    data = {"product": price.product_id, "unit_amount": price.price_minor, "currency": price.currency}
    return {"price_data": data, "quantity": 1}


def _behaving(options: Options) -> dict[str, Any]:
    """The options in Stripe's words, but for what belongs to the payment."""
    on = {"enabled": True}
    return {
        # The buyer sees and pays the currency of the package, which is what settling compares.
        "adaptive_pricing": {"enabled": False},
        **({"allow_promotion_codes": True} if options.promotion_codes else {}),
        **({"automatic_tax": on} if options.automatic_tax else {}),
        **({"tax_id_collection": on} if options.tax_ids else {}),
        **({"invoice_creation": on} if options.invoices else {}),
        **({"allowed_payment_method_types": ["card"]} if options.card_only else {}),
    }


def _on_statements(options: Options) -> dict[str, Any]:
    return {"statement_descriptor_suffix": options.statement_suffix} if options.statement_suffix else {}


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
