"""Syncing: HMS's list of calls is the one thing that calls are billed from, read as often as there is reason to.

Hints, pages and commands only decide when it is read. The cursor moves last, so that a crash at any moment means that
the same calls are read again, and a call that is read again changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from calls import booking, holds, listing, pace, privacy
from calls.models import Call, Hold
from calls.rating import Terms, is_over
from hms_client import Call as HmsCall
from inbox.models import HmsEndpoint
from organizations import hms
from organizations.models import Organization

_BATCH = 500
# A call that HMS calls running for longer than this is looked at as rarely as a quiet client.
_LONGEST_CALL = timedelta(hours=4)
_MISSING_FOR_A_WHILE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Synced:
    """What a look brought, and when the next is worth it (None: there is no key to look with). `elsewhere` are calls
    that another client's organization has already: booked for nobody here."""

    next_at: datetime | None
    seen: int = 0
    new: int = 0
    entries: int = 0
    elsewhere: tuple[HmsCall, ...] = ()


def sync(organization_id: UUID, *, terms: Terms) -> Synced:
    """Read the organization's calls at HMS and book what is over, under `terms`.

    In the agency's schema, outside a transaction. Raises an hms_client.HMSError; Organization.DoesNotExist.
    """
    organization = Organization.objects.get(pk=organization_id)
    if organization.api_key_sealed is None:
        return Synced(next_at=None)
    asked_at = timezone.now()
    sweep = listing.is_sweep_due(organization, asked_at)
    start = listing.window_start(organization, sweep=sweep)
    with hms.for_organization(organization, retries=1) as client:
        told = listing.read(client, organization, start=start, now=asked_at)
    done = _book(organization, told, terms, asked_at)
    running = [call.id for call in told if not is_over(call.status, has_ended=call.ended_at is not None)]
    _finish(organization, asked_at=asked_at, swept=sweep, running=running, active=bool(done.new or done.entries))
    next_at = _next_look(organization_id, timezone.now())
    return Synced(next_at, len(told), done.new, done.entries, done.elsewhere)


def read_again(organization_id: UUID, *, terms: Terms, start: datetime, until: datetime) -> Synced:
    """Read a span of the past once more, for what came late or was corrected since, and book what is news.

    In the agency's schema, outside a transaction. Moves no cursor. Raises an hms_client.HMSError.
    """
    organization = Organization.objects.get(pk=organization_id)
    if organization.api_key_sealed is None:
        return Synced(next_at=None)
    asked_at = timezone.now()
    with hms.for_organization(organization, retries=1) as client:
        told = listing.read_span(client, organization, start=start, until=until)
    done = _book(organization, told, terms, asked_at)
    return Synced(None, len(told), done.new, done.entries, done.elsewhere)


def _book(organization: Organization, told: Sequence[HmsCall], terms: Terms, asked_at: datetime) -> booking.Booked:
    done = booking.Booked()
    for first in range(0, len(told), _BATCH):
        batch = told[first : first + _BATCH]
        private = privacy.of_new(organization, batch)
        done += booking.book(organization=organization, told=batch, terms=terms, asked_at=asked_at, private=private)
    return done


def _finish(organization: Organization, *, asked_at: datetime, swept: bool, running: list[str], active: bool) -> None:
    """Let go of holds that are over, then move the cursor: never back, whoever else is reading."""
    with transaction.atomic():
        holds.expire(organization=organization, running=running, asked_at=asked_at)
        row = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        row.calls_synced_until = max(asked_at, row.calls_synced_until or asked_at)
        if swept:
            row.calls_swept_at = asked_at
        if active:
            row.active_at = max(asked_at, row.active_at)
        row.save(update_fields=["calls_synced_until", "calls_swept_at", "active_at"])


def _next_look(organization_id: UUID, now: datetime) -> datetime:
    unsettled = Call.objects.filter(organization_id=organization_id, booked_at=None)
    hinted_at = HmsEndpoint.objects.filter(organization_id=organization_id).values_list("last_event_at", flat=True)
    return pace.next_look(
        now,
        is_running=unsettled.filter(ended_at=None, placed_at__gt=now - _LONGEST_CALL).exists()
        or Hold.objects.filter(organization_id=organization_id, released_at=None).exists(),
        time_is_missing=unsettled.filter(ended_at__gt=now - _MISSING_FOR_A_WHILE).exists(),
        hinted_at=hinted_at.first(),
        active_at=Organization.objects.values_list("active_at", flat=True).get(pk=organization_id),
    )
