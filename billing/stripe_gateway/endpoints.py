"""Webhook endpoints at Stripe, where the signed events of an account go, and a way to have one event sent."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, cast

from billing.stripe_gateway.asking import API_VERSION, asking
from billing.stripe_shapes import EndpointState, WebhookEndpoint

if TYPE_CHECKING:
    from stripe.params import WebhookEndpointCreateParams
    from stripe.params.checkout import SessionCreateParams

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


# Sessions with this in their metadata sell nothing: they are made to expire, so that Stripe says something.
TEST_MARK = "webhook_test"
TEST_EVENT = "checkout.session.expired"
# The least that Stripe takes, where nothing is on sale yet. Nobody ever pays it.
_TEST_PRICE = {"currency": "eur", "unit_amount": 50, "product_data": {"name": "Test of the connection"}}


def find_webhook_endpoint(*, secret_key: str, urls: Collection[str]) -> EndpointState:
    """What stands at these addresses, with or without the slash at the end; of several, the one that hears most.

    Raises StripeRightMissing where the key may not read endpoints.
    """
    with asking(secret_key) as client:
        listed = client.v1.webhook_endpoints.list({"limit": 100}).auto_paging_iter()
        ours = {url.rstrip("/") for url in urls}
        here = [one for one in listed if one.url.rstrip("/") in ours]
        found = [
            EndpointState(
                "enabled" if one.status == "enabled" else "disabled",
                () if "*" in one.enabled_events else tuple(e for e in EVENTS if e not in one.enabled_events),
            )
            for one in here
        ]
    absent = EndpointState("absent", ())
    return min(found, key=lambda one: (one.state != "enabled", len(one.missing)), default=absent)


def open_test(*, secret_key: str, mark: str, price_id: str, back_url: str, expires_at: datetime) -> str:
    """A Checkout session that nobody is shown; its id. The same mark gives the same session. It costs nothing.

    `price_id` is a price of the agency's, or "" for an amount of the least. Raises the failures of stripe_shapes.
    """
    item = {"price": price_id} if price_id else {"price_data": _TEST_PRICE}
    params = {
        "mode": "payment",
        "line_items": [{**item, "quantity": 1}],
        "metadata": {TEST_MARK: mark},
        "success_url": back_url,
        "expires_at": int(expires_at.timestamp()),
    }
    with asking(secret_key) as client:
        session = client.v1.checkout.sessions.create(
            cast("SessionCreateParams", params), {"idempotency_key": f"{TEST_MARK}-{mark}"}
        )
        return session.id


def close_test(*, secret_key: str, session_id: str) -> None:
    """End the session of a test: Stripe sends its event now."""
    with asking(secret_key) as client:
        client.v1.checkout.sessions.expire(session_id)


def make_webhook_endpoint(*, secret_key: str, url: str) -> WebhookEndpoint:
    """An endpoint at this address for every event we understand, rendered in the version we read.

    Its secret is told once, here. It names what stands at the same address from earlier: to be removed once the secret
    is kept.
    """
    params = {"url": url, "enabled_events": [*EVENTS], "api_version": API_VERSION}
    with asking(secret_key) as client:
        old = [one.id for one in client.v1.webhook_endpoints.list({"limit": 100}).auto_paging_iter() if one.url == url]
        made = client.v1.webhook_endpoints.create(cast("WebhookEndpointCreateParams", params))
        if not made.secret:
            raise KeyError("secret")
        return WebhookEndpoint(made.id, made.secret, tuple(old))


def remove_webhook_endpoints(*, secret_key: str, endpoint_ids: Iterable[str]) -> None:
    """Have Stripe report to these no more."""
    with asking(secret_key) as client:
        for endpoint_id in endpoint_ids:
            client.v1.webhook_endpoints.delete(endpoint_id)
