"""The one way to Stripe: a client of its own for every call, with the agency's key, two retries and a short patience.

Nothing else imports `stripe`, the global key stays empty, and no call is made while a transaction is open. What comes
back are the frozen shapes and the errors of billing.stripe_shapes; no error holds a key.
"""

from billing.stripe_gateway.asking import API_VERSION, RETRIES
from billing.stripe_gateway.catalogue import check_account, check_price, make_product_and_price
from billing.stripe_gateway.checkout import create_checkout, fetch_session, fetch_session_of
from billing.stripe_gateway.endpoints import (
    EVENTS,
    SESSION_EVENTS,
    make_webhook_endpoint,
    remove_webhook_endpoints,
)
from billing.stripe_gateway.lists import (
    EVENTS_REACH_BACK,
    fetch_disputes_since,
    fetch_events,
    fetch_lists,
    fetch_refunds_since,
    fetch_sessions,
)
from billing.stripe_gateway.returned import create_refund, fetch_disputes, fetch_refunds

__all__ = [
    "API_VERSION",
    "EVENTS",
    "EVENTS_REACH_BACK",
    "RETRIES",
    "SESSION_EVENTS",
    "check_account",
    "check_price",
    "create_checkout",
    "create_refund",
    "fetch_disputes",
    "fetch_disputes_since",
    "fetch_events",
    "fetch_lists",
    "fetch_refunds",
    "fetch_refunds_since",
    "fetch_session",
    "fetch_session_of",
    "fetch_sessions",
    "make_product_and_price",
    "make_webhook_endpoint",
    "remove_webhook_endpoints",
]
