"""A client of Stripe's library for one call, with the agency's key, two retries and a short patience.

What goes wrong becomes one of the errors of billing.stripe_shapes, and none of them holds a key.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import stripe
from django.conf import settings
from django.utils.translation import gettext as _

from billing.stripe_gateway import rights
from billing.stripe_shapes import (
    StripeFailed,
    StripeKeyRefused,
    StripeMissing,
    StripeRefused,
    StripeRightMissing,
    StripeUnreachable,
)
from tenancy import network
from vault import key_shapes

API_VERSION = "2026-10-28.endive"
RETRIES = 2
CONNECT_SECONDS, ANSWER_SECONDS = 3, 10


@cache
def http() -> stripe.RequestsClient:
    stripe.enable_telemetry = False
    # Its debug lines hold whole answers, and the answer that makes an endpoint holds the endpoint's secret.
    logging.getLogger("stripe").setLevel(logging.WARNING)
    return stripe.RequestsClient(timeout=(CONNECT_SECONDS, ANSWER_SECONDS))


@contextmanager
def asking(secret_key: str) -> Iterator[stripe.StripeClient]:
    """Ask Stripe inside this block. Raises a StripeFailed; refuses to work inside a transaction."""
    network.refuse_inside_transaction()
    client = stripe.StripeClient(
        secret_key,
        stripe_version=API_VERSION,
        base_addresses={"api": settings.STRIPE_API_URL},
        max_network_retries=RETRIES,
        http_client=http(),
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
        sentence = rights.sentence_for(said) or _("This key lacks a right: %(said)s") % {"said": said}
        return StripeRightMissing(sentence, code=code)
    status = error.http_status or 0
    if not 400 <= status < 500 or status in (409, 429):
        return StripeUnreachable(_("Stripe could not be reached. Please try again in a minute."), code=code)
    if status == 404 or code == "resource_missing":
        return StripeMissing(_("Stripe does not have this: %(said)s") % {"said": said}, code=code, param=param)
    return StripeRefused(_("Stripe said no: %(said)s") % {"said": said}, code=code, param=param)
