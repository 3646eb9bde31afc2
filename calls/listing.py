"""What HMS says of an organization's calls: its list over a window that overlaps the last, and single calls beyond it.

HMS does not document which time its list is filtered by, in which order it comes, or how late a call appears in it. So
each look goes back two hours behind the end of the last one: longer than a call that we allow (half an hour), its
report (minutes) and two clocks that disagree, together. What lies further back and is not settled is asked for by its
id, and once a day the list is read 48 hours back, for what none of this has caught.
"""

import logging
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from calls.models import Call
from hms_client import Call as HmsCall
from hms_client import Forbidden, HMSClient, NotFound
from organizations.models import Organization

log = logging.getLogger(__name__)
OVERLAP = timedelta(hours=2)
SWEEP = timedelta(hours=48)
SWEEP_EVERY = timedelta(hours=24)
# Each single call is a request of its own, of the 100 a minute that the key has.
_SINGLE_CALLS = 3
_LONGEST_PAUSE = timedelta(hours=6)
_GIVEN_UP_AFTER = timedelta(days=30)
_PAGE_SIZE = 200
_LARGEST_PAGE = 1000
_LONGEST_ID = 255


def is_sweep_due(organization: Organization, now: datetime) -> bool:
    """Whether the list is to be read far back this time."""
    return organization.calls_swept_at is None or now - organization.calls_swept_at >= SWEEP_EVERY


def window_start(organization: Organization, *, sweep: bool) -> datetime:
    """From when on the list is read. There is no end: HMS's clock may be ahead of ours."""
    if organization.calls_synced_until is None:
        return organization.wanted_at - OVERLAP
    return organization.calls_synced_until - (SWEEP if sweep else OVERLAP)


def read(client: HMSClient, organization: Organization, *, start: datetime, now: datetime) -> list[HmsCall]:
    """Every call of the window and the unsettled ones outside of it, each once, in the order in which they ended.

    Raises an hms_client.HMSError.
    """
    told = {call.id: call for call in client.calls.iterate(start_date=start, page_size=_PAGE_SIZE, content=False)}
    for hms_id in _unsettled(organization, told.keys(), now):
        try:
            call = client.calls.get(hms_id)
        except (NotFound, Forbidden):
            # Placed, and not in HMS's books (yet). Its hold expires by itself.
            Call.objects.filter(hms_id=hms_id).update(asked_at=now)
        else:
            # HMS may spell an id in two ways; the call is the one that was asked for.
            told[hms_id] = call
    return _in_order(organization, told.values())


def read_span(client: HMSClient, organization: Organization, *, start: datetime, until: datetime) -> list[HmsCall]:
    """Every call of a span of the past, with the overlap on both sides, in the order in which they ended.

    Raises an hms_client.HMSError.
    """
    span = client.calls.iterate(
        start_date=start - OVERLAP, end_date=until + OVERLAP, page_size=_LARGEST_PAGE, content=False
    )
    return _in_order(organization, span)


def _in_order(organization: Organization, told: Iterable[HmsCall]) -> list[HmsCall]:
    kept = []
    for call in told:
        if len(call.id) > _LONGEST_ID:
            log.error("organization %s: an id has %s characters and cannot be kept", organization.pk, len(call.id))
        else:
            kept.append(call)
    return sorted(kept, key=lambda call: call.ended_at or call.created_at)


def _unsettled(organization: Organization, told: Collection[str], now: datetime) -> list[str]:
    """Ids of calls to ask for one by one: those asked the longest ago, and the older a call the more rarely."""
    rows = (
        Call.objects.filter(organization=organization, booked_at=None, placed_at__gt=now - _GIVEN_UP_AFTER)
        .exclude(hms_id__in=list(told))
        .order_by("asked_at")
    )
    due = [row for row in rows[:100] if now - row.asked_at >= min((now - row.placed_at) / 10, _LONGEST_PAUSE)]
    return [row.hms_id for row in due[:_SINGLE_CALLS]]
