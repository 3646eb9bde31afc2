"""The one way to Stripe: a client of its own for every call, with the agency's key, two retries and a short patience.

Nothing else imports `stripe`, the global key stays empty, and no call is made while a transaction is open. What comes
back are the frozen shapes and the errors of billing.stripe_shapes; no error holds a key.
"""

from billing.stripe_gateway.asking import API_VERSION, RETRIES
from billing.stripe_gateway.catalogue import check_account, check_price, make_product_and_price
from billing.stripe_gateway.checkout import (
    close_checkout,
    create_checkout,
    fetch_receipt_url,
    fetch_session,
    fetch_session_of,
    try_checkout,
)
from billing.stripe_gateway.endpoints import (
    EVENTS,
    SESSION_EVENTS,
    make_webhook_endpoint,
    remove_webhook_endpoints,
)
from billing.stripe_gateway.returned import create_refund, fetch_disputes, fetch_refunds

__all__ = [
    "API_VERSION",
    "EVENTS",
    "RETRIES",
    "SESSION_EVENTS",
    "check_account",
    "check_price",
    "close_checkout",
    "create_checkout",
    "create_refund",
    "fetch_disputes",
    "fetch_receipt_url",
    "fetch_refunds",
    "fetch_session",
    "fetch_session_of",
    "make_product_and_price",
    "make_webhook_endpoint",
    "remove_webhook_endpoints",
    "try_checkout",
]
