"""Syncing: HMS's list of calls is the one thing that calls are billed from, read as often as there is reason to.

Hints, pages and commands only decide when it is read. The cursor moves last, so that a crash at any moment means that
the same calls are read again, and a call that is read again changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from calls import booking, holds, identity, listing, pace, privacy
from calls.models import Call, Hold
from calls.rating import LIVE_STATUSES, Terms, is_over
from hms_client import Call as HmsCall
from inbox import hms_targets
from inbox.models import HmsEndpoint, HmsEvent
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
    now = timezone.now()
    next_at = _next_look(_state(organization_id, now), now)
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


def not_before(organization_id: UUID, now: datetime) -> datetime | None:
    """When the next look is due, if the last one began after all that was told; None when it is due now. HMS reports an
    end twice, and one look is enough for both.
    """
    state = _state(organization_id, now)
    if state.looked_at is None or state.is_hinted or state.is_told_since:
        return None
    due_at = _next_look(state, state.looked_at)
    return due_at if due_at > now else None


@dataclass(frozen=True, slots=True)
class _State:
    """What decides how soon an organization is looked at again; `is_told_since` the last look began."""

    looked_at: datetime | None
    active_at: datetime
    is_running: bool
    time_is_missing: bool
    hinted_at: datetime | None
    is_hinted: bool
    is_told_since: bool


def _state(organization_id: UUID, now: datetime) -> _State:
    unsettled = Call.objects.filter(organization_id=organization_id, booked_at=None)
    told, unseen = _told(organization_id), _unseen_hints(organization_id, now)
    facts = Organization.objects.filter(pk=organization_id).values_list(
        "calls_synced_until",
        "active_at",
        Exists(unsettled.filter(ended_at=None, placed_at__gt=now - _LONGEST_CALL)),
        Exists(Hold.objects.filter(organization_id=organization_id, released_at=None)),
        Exists(unsettled.filter(ended_at__gt=now - _MISSING_FOR_A_WHILE)),
        Subquery(HmsEndpoint.objects.filter(organization_id=organization_id).values("last_event_at")),
        Exists(unseen),
        Exists(told.filter(received_at__gte=OuterRef("calls_synced_until"))),
    )
    looked_at, active_at, is_running, is_held, time_is_missing, hinted_at, is_hinted, is_told_since = facts.get()
    return _State(
        looked_at,
        active_at,
        is_running=is_running or is_held,
        time_is_missing=time_is_missing,
        hinted_at=hinted_at,
        is_hinted=is_hinted and _is_unseen(unseen),
        is_told_since=is_told_since,
    )


def _next_look(state: _State, now: datetime) -> datetime:
    return pace.next_look(
        now,
        is_running=state.is_running,
        is_hinted=state.is_hinted,
        time_is_missing=state.time_is_missing,
        hinted_at=state.hinted_at,
        active_at=state.active_at,
    )


def _told(organization_id: UUID) -> QuerySet[HmsEvent]:
    """What HMS has reported, apart from its questions."""
    return HmsEvent.objects.filter(endpoint__organization_id=organization_id).exclude(type__in=hms_targets.ANSWERED)


def _unseen_hints(organization_id: UUID, now: datetime) -> QuerySet[HmsEvent]:
    """News of a short while ago about calls that the list does not show, or not as over although they are."""
    recent = _told(organization_id).filter(received_at__gt=now - pace.HINT_IS_FOLLOWED)
    seen = Call.objects.filter(hms_id=OuterRef("call_id"))
    is_live = Q(call_status__in=LIVE_STATUSES)
    return recent.filter(~Exists(seen) | ~is_live & ~Exists(seen.exclude(booked_at=None)))


def _is_unseen(hints: QuerySet[HmsEvent]) -> bool:
    """Whether any of these hints is news of a call that is not known by its id for good either."""
    told = dict(hints.values_list("call_id", "call_status"))
    known = identity.known(told)
    return any(
        hms_id not in known or (status not in LIVE_STATUSES and known[hms_id].booked_at is None)
        for hms_id, status in told.items()
    )
