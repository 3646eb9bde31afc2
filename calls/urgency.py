"""When an organization's list of calls is worth reading again: one question to the database, and the pace it leads to.

Asked at each look and for each of HMS's hints, so the server keeps the question parsed.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from calls import identity, pace
from calls.rating import LIVE_STATUSES
from inbox import hms_targets
from organizations.models import Organization
from tenancy.wire import connection

# A call that HMS calls running for longer than this is looked at as rarely as a quiet client.
_LONGEST_CALL = timedelta(hours=4)
_MISSING_FOR_A_WHILE = timedelta(minutes=15)
# `told` is what HMS has reported, apart from its questions. Unseen is news of a short while ago about calls that the
# list does not show, or not as over although they are: so far as HMS's own ids tell.
_ASK = """
WITH told AS NOT MATERIALIZED (
    SELECT h.call_id, h.call_status, h.received_at
      FROM public.inbox_hmsevent h JOIN public.inbox_hmsendpoint e ON e.id = h.endpoint_id
     WHERE e.organization_id = %s::uuid AND h.type <> ALL (%s::text[]))
SELECT o.calls_synced_until, o.active_at,
       (SELECT e.last_event_at FROM public.inbox_hmsendpoint e WHERE e.organization_id = o.id),
       EXISTS (SELECT FROM told WHERE told.received_at >= o.calls_synced_until),
       EXISTS (SELECT FROM calls_call c WHERE c.organization_id = o.id AND c.booked_at IS NULL
                  AND c.ended_at IS NULL AND c.placed_at > %s::timestamptz)
       OR EXISTS (SELECT FROM calls_hold h WHERE h.organization_id = o.id AND h.released_at IS NULL),
       EXISTS (SELECT FROM calls_call c WHERE c.organization_id = o.id AND c.booked_at IS NULL
                  AND c.ended_at > %s::timestamptz),
       ARRAY (SELECT told.call_id FROM told
               WHERE told.received_at > %s::timestamptz
                 AND NOT EXISTS (SELECT FROM calls_call c WHERE c.hms_id = told.call_id
                                    AND (c.booked_at IS NOT NULL OR told.call_status = ANY (%s::text[]))))
  FROM organizations_organization o WHERE o.id = %s::uuid
"""


def not_before(organization_id: UUID, now: datetime) -> datetime | None:
    """When the next look is due, if the last one began after all that was told; None when it is due now. HMS reports an
    end twice, and one look is enough for both.

    In the agency's schema. Raises Organization.DoesNotExist.
    """
    found = _facts(organization_id, now)
    if found.looked_at is None or found.is_told_since or found.is_hinted:
        return None
    due_at = _paced(found, found.looked_at)
    return due_at if due_at > now else None


def next_look(organization_id: UUID, now: datetime) -> datetime:
    """When to look again after a look that has just been. In the agency's schema. Raises Organization.DoesNotExist."""
    return _paced(_facts(organization_id, now), now)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What decides it; `is_told_since` the last look began."""

    looked_at: datetime | None
    active_at: datetime
    hinted_at: datetime | None
    is_told_since: bool
    is_running: bool
    time_is_missing: bool
    is_hinted: bool


def _facts(organization_id: UUID, now: datetime) -> _Facts:
    lately = (now - _LONGEST_CALL, now - _MISSING_FOR_A_WHILE, now - pace.HINT_IS_FOLLOWED)
    asked = [organization_id, list(hms_targets.ANSWERED), *lately, list(LIVE_STATUSES), organization_id]
    row = connection.ask_prepared(_ASK, asked)
    if row is None:
        raise Organization.DoesNotExist(organization_id)
    looked_at, active_at, hinted_at, is_told_since, is_running, time_is_missing, unseen = row
    return _Facts(
        looked_at,
        active_at,
        hinted_at,
        is_told_since=is_told_since,
        is_running=is_running,
        time_is_missing=time_is_missing,
        is_hinted=_is_news(unseen),
    )


def _is_news(unseen: Collection[str]) -> bool:
    """Whether any of these ids is of a call that is not known by its id for good, or is not booked."""
    known = identity.known(unseen) if unseen else {}
    return any(hms_id not in known or known[hms_id].booked_at is None for hms_id in unseen)


def _paced(facts: _Facts, now: datetime) -> datetime:
    return pace.next_look(
        now,
        is_running=facts.is_running,
        is_hinted=facts.is_hinted,
        time_is_missing=facts.time_is_missing,
        hinted_at=facts.hinted_at,
        active_at=facts.active_at,
    )
