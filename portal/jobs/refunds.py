"""The job for a refund whose answer was lost: Stripe is asked until it is decided, and never for a second one."""

import logging
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from billing import refunds, stripe_shapes
from billing.models import Refund
from tenancy import schemas
from vault import connections

log = logging.getLogger(__name__)


def check_refund(subject: str) -> datetime | None:
    """Ask Stripe about a refund that is not decided, and say when to ask again. Without an answer it raises."""
    refund = Refund.objects.filter(pk=UUID(subject)).first()
    if refund is None:
        return None
    try:
        refunds.check(refund_id=refund.pk, secret_key=connections.stripe_secret_key(schemas.current_agency_id()))
    except (connections.NotConnected, stripe_shapes.StripeRefused) as refused:
        log.warning("refund %s: %s: %s", subject, type(refused).__name__, refused)
    refund.refresh_from_db()
    return refunds.next_look_at(refund, timezone.now())


JOBS: dict[str, Callable[[str], datetime | None]] = {refunds.CHECK_KIND: check_refund}
