"""The nightly comparison of an agency's books with Stripe's, and the proof of its ledger."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Sum
from django.utils import timezone

from agencies import reconciliation
from calls.models import Hold
from tenancy import schemas
from vault import connections


def open_holds(clients: Sequence[UUID]) -> Mapping[UUID, int]:
    """Seconds that running calls have set aside, by client."""
    holds = Hold.objects.filter(released_at=None, organization__client__in=clients)
    return dict(holds.values_list("organization__client").annotate(Sum("seconds")))


def reconcile(subject: str) -> datetime | None:
    """Compare and keep what differs, and come back next night; not at all while no key is stored."""
    agency_id = schemas.current_agency_id()
    try:
        secret_key = connections.stripe_secret_key(agency_id)
    except connections.NotConnected:
        return None
    reconciliation.run(secret_key=secret_key, open_holds=open_holds)
    return reconciliation.next_night(agency_id, timezone.now())


JOBS: dict[str, Callable[[str], datetime | None]] = {reconciliation.KIND: reconcile}
