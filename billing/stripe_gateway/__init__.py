"""The one way to Stripe: a client of its own for every call, with the agency's key, two retries and a short patience.

Nothing else imports `stripe`, the global key stays empty, and no call is made while a transaction is open. What comes
back are the frozen shapes and the errors of billing.stripe_shapes; no error holds a key.
"""

from billing.stripe_gateway.asking import API_VERSION, RETRIES
from billing.stripe_gateway.catalogue import check_account, check_price, lacking_rights, make_product_and_price
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
    TEST_EVENT,
    TEST_MARK,
    close_test,
    find_webhook_endpoint,
    make_webhook_endpoint,
    open_test,
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
from billing.stripe_gateway.rights import RIGHTS, Right
from billing.stripe_gateway.rights import form_url as restricted_key_form

__all__ = [
    "API_VERSION",
    "EVENTS",
    "EVENTS_REACH_BACK",
    "RETRIES",
    "RIGHTS",
    "SESSION_EVENTS",
    "TEST_EVENT",
    "TEST_MARK",
    "Right",
    "check_account",
    "check_price",
    "close_checkout",
    "close_test",
    "create_checkout",
    "create_refund",
    "fetch_disputes",
    "fetch_disputes_since",
    "fetch_events",
    "fetch_lists",
    "fetch_receipt_url",
    "fetch_refunds",
    "fetch_refunds_since",
    "fetch_session",
    "fetch_session_of",
    "fetch_sessions",
    "find_webhook_endpoint",
    "lacking_rights",
    "make_product_and_price",
    "make_webhook_endpoint",
    "open_test",
    "remove_webhook_endpoints",
    "restricted_key_form",
    "try_checkout",
]
