"""The way from a client's page to Stripe: with the agency's key, and with addresses made of its stored host."""

import logging
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from agencies import checkout, watch
from billing import purchases
from billing.models import Purchase
from billing.stripe_shapes import StripeFailed
from domains import links
from portal.storefront.access import agency_of
from vault import connections

log = logging.getLogger(__name__)


class NotPossibleNow(RuntimeError):
    """Stripe could not be asked, or said no: nothing was charged."""


def begin(request: HttpRequest, *, package_id: UUID, form_token: UUID, seen_minor: int | None) -> str:
    """The address of the page where the package is paid.

    Raises NotPossibleNow, watch.SellingStopped and the refusals of purchases.start.
    """
    agency_id = agency_of(request).pk
    watch.refuse_to_oversell(agency_id)
    back = links.portal(agency_id, reverse("storefront:came_back"))
    try:
        connection = connections.stripe_connection(agency_id)
        return purchases.start(
            client_id=request.client.pk,  # type: ignore[attr-defined]
            package_id=package_id,
            form_token=form_token,
            account_id=connection.account_id,
            livemode=bool(connection.livemode),
            created_by=request.actor.email,  # type: ignore[attr-defined]
            email=request.client.email,  # type: ignore[attr-defined]
            success_url=back + "?session_id={CHECKOUT_SESSION_ID}",
            cancel_url=links.portal(agency_id, reverse("storefront:left", args=[form_token])),
            secret_key=connections.stripe_secret_key(agency_id),
            options=checkout.in_force(connection),
            seen_minor=seen_minor,
        )
    except (connections.NotConnected, StripeFailed) as error:
        log.warning("agency %s: no purchase could be started: %s", agency_id, type(error).__name__)
        raise NotPossibleNow from error


def look(request: HttpRequest, purchase: Purchase) -> Purchase:
    """The purchase as it stands after asking Stripe; as it stood before when Stripe cannot be asked."""
    agency_id = agency_of(request).pk
    try:
        return purchases.refresh(purchase_id=purchase.pk, secret_key=connections.stripe_secret_key(agency_id))
    except (connections.NotConnected, purchases.ForeignSession, StripeFailed) as error:
        log.warning("agency %s: purchase %s was not looked at: %s", agency_id, purchase.pk, type(error).__name__)
        return purchase


def cancel(request: HttpRequest, purchase: Purchase) -> Purchase:
    """The purchase after its page was closed: cancelled, or paid if that was faster. Raises NotPossibleNow."""
    agency_id = agency_of(request).pk
    try:
        return purchases.cancel(purchase_id=purchase.pk, secret_key=connections.stripe_secret_key(agency_id))
    except (connections.NotConnected, purchases.ForeignSession, StripeFailed) as error:
        log.warning("agency %s: purchase %s was not cancelled: %s", agency_id, purchase.pk, type(error).__name__)
        raise NotPossibleNow from error


def sentence(refused: Exception) -> str:
    """What the client reads when a purchase cannot be started."""
    if isinstance(refused, purchases.ClientSuspended):
        return _("Buying is switched off for you at the moment. Please get in touch with us.")
    if isinstance(refused, watch.SellingStopped):
        return _("No credits are sold at the moment. Nothing was charged. Please look in again soon.")
    return _("Payment is not available right now. Nothing was charged. Please try again later.")
