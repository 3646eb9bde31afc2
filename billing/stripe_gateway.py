"""The one way to Stripe: a client of its own for every call, with the agency's key, two retries and a short patience.

Nothing else imports `stripe`, the global key stays empty, and no call is made while a transaction is open. What comes
back are the frozen shapes and the errors of billing.stripe_shapes; no error holds a key.
"""

import logging
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import stripe
from django.conf import settings
from django.utils.translation import gettext as _

from billing import stripe_shapes
from billing.stripe_shapes import (
    CheckoutSession,
    CheckoutState,
    DisputeState,
    PriceState,
    RefundState,
    StripeAccount,
    StripeFailed,
    StripeKeyRefused,
    StripeMissing,
    StripeRefused,
    StripeRightMissing,
    StripeUnreachable,
    WebhookEndpoint,
)
from tenancy import network
from vault import key_shapes

__all__ = [
    "CheckoutSession",
    "CheckoutState",
    "PriceState",
    "StripeAccount",
    "StripeFailed",
    "StripeKeyRefused",
    "StripeMissing",
    "StripeRefused",
    "StripeRightMissing",
    "StripeUnreachable",
    "WebhookEndpoint",
]

if TYPE_CHECKING:
    from stripe.params import WebhookEndpointCreateParams
    from stripe.params.checkout import SessionCreateParams

API_VERSION = "2026-10-28.endive"
RETRIES = 2
CONNECT_SECONDS, ANSWER_SECONDS = 3, 10
SESSION_EVENTS = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
)
# What an endpoint made by us listens to, and what one made by hand should.
EVENTS = (
    *SESSION_EVENTS,
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.refunded",
    "charge.dispute.created",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)


def check_account(secret_key: str) -> StripeAccount:
    """Whose key this is. A restricted key that may not read the account must at least be able to read prices.

    Raises StripeKeyRefused, StripeRightMissing or StripeUnreachable.
    """
    livemode = key_shapes.is_live(secret_key)
    try:
        with _asking(secret_key) as client:
            account = client.v1.accounts.retrieve_current().to_dict()
            name = (account.get("business_profile") or {}).get("name") or _dashboard_name(account)
            return StripeAccount(
                id=account["id"],
                name=name or "",
                livemode=livemode,
                charges_enabled=account.get("charges_enabled") is not False,
                country=account.get("country") or "",
                default_currency=account.get("default_currency") or "",
            )
    except StripeRightMissing:
        with _asking(secret_key) as client:
            client.v1.prices.list({"limit": 1})
        return StripeAccount(id="", name="", livemode=livemode)


def check_price(*, secret_key: str, price_id: str) -> PriceState:
    """The price and its product as they are now. Raises StripeMissing and the other failures."""
    with _asking(secret_key) as client:
        return _price(client.v1.prices.retrieve(price_id, {"expand": ["product"]}))


def make_product_and_price(
    *, secret_key: str, package_id: uuid.UUID, name: str, price_minor: int, currency: str, product_id: str = ""
) -> PriceState:
    """The price of this package at Stripe, made with its product, or found again if an earlier try made it.

    The lookup key names package, amount and currency, so asking any number of times gives one price.
    """
    lookup_key = f"package-{package_id}-{price_minor}-{currency}"
    with _asking(secret_key) as client:
        found = client.v1.prices.list({"lookup_keys": [lookup_key], "expand": ["data.product"], "limit": 1}).data
        if found:
            return _price(_revived(client, found[0]))
        if not product_id:
            product_id = client.v1.products.create(
                {"name": name, "metadata": {"package_id": str(package_id)}},
                {"idempotency_key": f"product-{uuid.uuid5(package_id, name)}"},
            ).id
        price = client.v1.prices.create(
            {
                "product": product_id,
                "currency": currency,
                "unit_amount": price_minor,
                "lookup_key": lookup_key,
                "metadata": {"package_id": str(package_id)},
                "expand": ["product"],
            },
            {"idempotency_key": f"price-{uuid.uuid5(package_id, f'{product_id}-{price_minor}-{currency}')}"},
        )
        return _price(price)


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
    with _asking(secret_key) as client:
        session = client.v1.checkout.sessions.create(
            cast("SessionCreateParams", params), {"idempotency_key": str(purchase_id)}
        )
        return CheckoutSession(session.id, session.url or "")


def fetch_session(*, secret_key: str, session_id: str) -> CheckoutState:
    """The session as it is now, with its payment's state where the key may read that. Raises StripeMissing."""
    with _asking(secret_key) as client:
        try:
            session = client.v1.checkout.sessions.retrieve(session_id, {"expand": ["payment_intent"]})
        except stripe.PermissionError:
            session = client.v1.checkout.sessions.retrieve(session_id)
        return stripe_shapes.checkout_state(session.to_dict())


def fetch_session_of(*, secret_key: str, payment_intent: str) -> CheckoutState | None:
    """The session that led to this payment, or None when it came about without one. Raises StripeMissing."""
    with _asking(secret_key) as client:
        found = client.v1.checkout.sessions.list({"payment_intent": payment_intent, "limit": 1}).data
        return stripe_shapes.checkout_state(found[0].to_dict()) if found else None


def fetch_refunds(*, secret_key: str, payment_intent: str) -> list[RefundState]:
    """Every refund of this payment as it is now. Raises StripeMissing."""
    with _asking(secret_key) as client:
        pages = client.v1.refunds.list({"payment_intent": payment_intent, "limit": 100})
        return [stripe_shapes.refund_state(one.to_dict()) for one in pages.auto_paging_iter()]


def fetch_disputes(*, secret_key: str, payment_intent: str) -> list[DisputeState]:
    """Every dispute of this payment as it is now, with what it has moved. Raises StripeMissing."""
    with _asking(secret_key) as client:
        pages = client.v1.disputes.list({"payment_intent": payment_intent, "limit": 100})
        return [stripe_shapes.dispute_state(one.to_dict()) for one in pages.auto_paging_iter()]


def create_refund(*, secret_key: str, payment_intent: str, amount_minor: int, refund_id: uuid.UUID) -> RefundState:
    """Give so much of this payment back. Asked again with the same `refund_id`, it is the same refund.

    Raises StripeRefused: more than is left, a disputed payment, too little money in the account.
    """
    with _asking(secret_key) as client:
        refund = client.v1.refunds.create(
            {"payment_intent": payment_intent, "amount": amount_minor, "metadata": {"refund_id": str(refund_id)}},
            {"idempotency_key": f"refund-{refund_id}"},
        )
        return stripe_shapes.refund_state(refund.to_dict())


def make_webhook_endpoint(*, secret_key: str, url: str) -> WebhookEndpoint:
    """An endpoint at this address for every event we understand, rendered in the version we read.

    Its secret is told once, here. It names what stands at the same address from earlier: to be removed once the secret
    is kept.
    """
    params = {"url": url, "enabled_events": [*EVENTS], "api_version": API_VERSION}
    with _asking(secret_key) as client:
        old = [one.id for one in client.v1.webhook_endpoints.list({"limit": 100}).auto_paging_iter() if one.url == url]
        made = client.v1.webhook_endpoints.create(cast("WebhookEndpointCreateParams", params))
        if not made.secret:
            raise KeyError("secret")
        return WebhookEndpoint(made.id, made.secret, tuple(old))


def remove_webhook_endpoints(*, secret_key: str, endpoint_ids: Iterable[str]) -> None:
    """Have Stripe report to these no more."""
    with _asking(secret_key) as client:
        for endpoint_id in endpoint_ids:
            client.v1.webhook_endpoints.delete(endpoint_id)


@cache
def _http() -> stripe.RequestsClient:
    stripe.enable_telemetry = False
    # Its debug lines hold whole answers, and the answer that makes an endpoint holds the endpoint's secret.
    logging.getLogger("stripe").setLevel(logging.WARNING)
    return stripe.RequestsClient(timeout=(CONNECT_SECONDS, ANSWER_SECONDS))


@contextmanager
def _asking(secret_key: str) -> Iterator[stripe.StripeClient]:
    network.refuse_inside_transaction()
    client = stripe.StripeClient(
        secret_key,
        stripe_version=API_VERSION,
        base_addresses={"api": settings.STRIPE_API_URL},
        max_network_retries=RETRIES,
        http_client=_http(),
    )
    try:
        yield client
    except stripe.StripeError as error:
        raise _translated(error) from None
    except (KeyError, AttributeError, TypeError, ValueError):
        raise StripeUnreachable(_("Stripe gave an answer that could not be read. Please try again.")) from None


def _translated(error: stripe.StripeError) -> StripeFailed:
    said = key_shapes.hidden(error.user_message or "")
    code, param = error.code or "", str(getattr(error, "param", None) or "")
    if isinstance(error, stripe.AuthenticationError):
        return StripeKeyRefused(_("Stripe does not accept this secret key. Copy it again from Developers, API keys."))
    if isinstance(error, stripe.PermissionError):
        return StripeRightMissing(_("This key lacks a right: %(said)s") % {"said": said}, code=code)
    status = error.http_status or 0
    if not 400 <= status < 500 or status in (409, 429):
        return StripeUnreachable(_("Stripe could not be reached. Please try again in a minute."), code=code)
    if status == 404 or code == "resource_missing":
        return StripeMissing(_("Stripe does not have this: %(said)s") % {"said": said}, code=code, param=param)
    return StripeRefused(_("Stripe said no: %(said)s") % {"said": said}, code=code, param=param)


def _revived(client: stripe.StripeClient, price: stripe.Price) -> stripe.Price:
    product = price.to_dict()["product"]
    if not product["active"]:
        client.v1.products.update(product["id"], {"active": True})
    elif price.active:
        return price
    return client.v1.prices.update(price.id, {"active": True, "expand": ["product"]})


def _price(price: stripe.Price) -> PriceState:
    fields = price.to_dict()
    product = fields["product"]
    return PriceState(
        id=fields["id"],
        active=fields["active"] is True,
        type=fields["type"],
        billing_scheme=fields["billing_scheme"],
        unit_amount=fields["unit_amount"],
        currency=str(fields["currency"]).lower(),
        product_id=product["id"],
        product_active=product.get("active") is True,
        livemode=fields["livemode"] is True,
    )


def _dashboard_name(account: dict[str, Any]) -> str | None:
    return ((account.get("settings") or {}).get("dashboard") or {}).get("display_name")
