"""The receipt of a purchase, mailed to the client in the agency's brand once it is credited."""

import logging
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from agencies.models import Agency
from billing import receipts
from billing.stripe_shapes import StripeRefused
from domains import links
from portal import mailing
from portal.receipts import paper_lines
from tenancy import schemas
from vault import connections

log = logging.getLogger(__name__)


def send(subject: str) -> datetime | None:
    """Send the receipt of this purchase, unless it was. A mail server or a Stripe that is away makes it come back."""
    bought = receipts.unsent().select_related("client").filter(pk=UUID(subject)).first()
    if bought is None:
        return None
    agency = Agency.objects.select_related("branding").get(pk=schemas.current_agency_id())
    said = {
        "purchase": bought,
        "lines": paper_lines(bought),
        "page_url": links.portal(agency.pk, reverse("storefront:purchase", "portal.urls_portal", [bought.pk])),
        "stripe_url": _stripes_own(agency.pk, bought.pk),
    }
    mailing.send(agency, to=bought.client.email, template="receipt", said=said)
    receipts.note_sent(purchase_id=bought.pk, at=timezone.now())
    return None


def _stripes_own(agency_id: int, purchase_id: UUID) -> str:
    """The address of Stripe's invoice or receipt. A key that may not read it is no reason to send none of ours."""
    try:
        secret_key = connections.stripe_secret_key(agency_id)
        return receipts.keep_stripes_own(purchase_id=purchase_id, secret_key=secret_key)
    except (connections.NotConnected, StripeRefused) as error:
        log.warning("purchase %s has no receipt of Stripe's: %s", purchase_id, type(error).__name__)
        return ""


JOBS: dict[str, Callable[[str], datetime | None]] = {receipts.KIND: send}
