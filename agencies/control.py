"""The nightly comparison of every client's calls with HMS's own totals, and what follows from a difference.

What differs is read again from HMS's list at once and compared again an hour later; what still differs then is shown in
Needs attention until it does no more. It is never booked away. In the agency's schema, outside a transaction.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from agencies import call_terms, discrepancies, reconciliation
from agencies.models import Discrepancy
from calls import control, sync
from calls.control import Compared
from follow_ups import agenda
from organizations.models import Organization
from tenancy import schemas

log = logging.getLogger(__name__)
KIND = "control"
EACH_KIND = "control_total"
# What was read again is compared again.
SOON = timedelta(hours=1)
# The questions of a night are spread, so that balances are not kept waiting.
_APART = timedelta(milliseconds=200)


def schedule() -> None:
    """Ask for a comparison of all clients, now."""
    agenda.schedule(kind=KIND)


def schedule_one(organization_id: UUID) -> None:
    """Ask for a comparison of one client, now."""
    agenda.schedule(kind=EACH_KIND, subject=str(organization_id))


def spread(now: datetime) -> datetime:
    """Ask for every client's comparison, one after the other; when to do that next: in the small hours."""
    ready = Organization.objects.filter(api_key_sealed__isnull=False).order_by("pk").values_list("pk", flat=True)
    for number, pk in enumerate(ready):
        agenda.schedule(kind=EACH_KIND, subject=str(pk), due_at=now + number * _APART)
    return reconciliation.next_night(schemas.current_agency_id(), now)


def look(organization_id: UUID) -> datetime | None:
    """Compare one client; when to compare it again before the next night. Raises an hms_client.HMSError."""
    found = control.compare(organization_id, now=timezone.now())
    if found is None:
        return None
    if not found.difference:
        discrepancies.gone(kind=Discrepancy.Kind.CONTROL, subject=str(organization_id))
        return None
    if found.has_survived:
        _alarm(organization_id, found)
    if found.agreed_until is not None:
        terms = call_terms.in_force(schemas.current_agency_id())
        sync.read_again(organization_id, terms=terms, start=found.agreed_until, until=found.cut_at)
    return None if found.has_survived else timezone.now() + SOON


def _alarm(organization_id: UUID, found: Compared) -> None:
    organization = Organization.objects.select_related("client").get(pk=organization_id)
    name = organization.client.name[:120]
    if found.difference > 0:
        words = _("HMS counts more time of %(name)s than its calls add up to.") % {"name": name}
    else:
        words = _("The calls of %(name)s add up to more time than HMS counts.") % {"name": name}
    # Not the sums, which grow each day: whoever closed this difference sees it again when it is another one.
    facts = {"difference_seconds": found.difference}
    discrepancies.note(
        kind=Discrepancy.Kind.CONTROL,
        subject=str(organization_id),
        words=words,
        facts=facts,
        client_id=organization.client_id,
    )
    log.error("organization %s: HMS counts %s s, its calls %s s", organization_id, found.theirs, found.ours)
