"""Webhook endpoints at Stripe: where the signed events of an account go."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from billing.stripe_gateway.asking import API_VERSION, asking
from billing.stripe_shapes import WebhookEndpoint

if TYPE_CHECKING:
    from stripe.params import WebhookEndpointCreateParams

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
