"""Syncing: HMS's list of calls is the one thing that calls are billed from, read as often as there is reason to.

Hints, pages and commands only decide when it is read. The cursor moves last, so that a crash at any moment means that
the same calls are read again, and a call that is read again changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Greatest
from django.utils import timezone

from calls import booking, holds, listing, privacy, urgency
from calls.rating import Terms, is_over
from hms_client import Call as HmsCall
from organizations import hms
from organizations.models import Organization

_BATCH = 500


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
    next_at = urgency.next_look(organization_id, timezone.now())
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
    if holds.are_open(organization):
        with transaction.atomic():
            holds.expire(organization=organization, running=running, asked_at=asked_at)
    moved: dict[str, Any] = {"calls_synced_until": Greatest("calls_synced_until", Value(asked_at))}
    if swept:
        moved["calls_swept_at"] = asked_at
    if active:
        moved["active_at"] = Greatest("active_at", Value(asked_at))
    Organization.objects.filter(pk=organization.pk).update(**moved)
