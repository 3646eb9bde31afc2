"""Control totals: what HMS says an organization has used in all, beside the calls that we know.

Compared are sums of everything up to a cut that lies 48 hours back, where nothing is on its way any more. HMS's rows of
use name no call and are written a while after its end, so what lies within two hours of the cut is matched by length.
Talks to HMS; changes nothing but `Organization.control`, the memory of the last comparison.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.dateparse import parse_datetime

from calls.models import Call
from hms_client import HMSClient, UsageRow
from organizations import hms
from organizations.models import Organization

CUT = timedelta(hours=48)
NEAR = timedelta(hours=2)
_PAGE_SIZE = 1000


@dataclass(frozen=True, slots=True)
class Compared:
    """Two sums of seconds up to `cut_at`. `near` is how many rows of HMS's lie around the cut and were listed for it; 0
    when that was not needed. `times` is how many comparisons in a row have differed, this one included."""

    cut_at: datetime
    compared_at: datetime
    theirs: int
    ours: int
    near: int = 0
    times: int = 0
    # Up to here both sides agree: what differs is younger. None while they agree everywhere.
    agreed_until: datetime | None = None

    @property
    def difference(self) -> int:
        """What HMS counts beyond what we know; below zero, what we know and HMS does not count."""
        return self.theirs - self.ours

    @property
    def has_survived(self) -> bool:
        """Whether the difference outlived a comparison: what was on its way would have arrived."""
        return self.times > 1


def last(organization: Organization) -> Compared | None:
    """The comparison that was made last."""
    return _read(organization.control)


def compare(organization_id: UUID, *, now: datetime) -> Compared | None:
    """Compare now and remember it; None while there is no key to ask with.

    In the agency's schema, outside a transaction. Raises an hms_client.HMSError.
    """
    organization = Organization.objects.get(pk=organization_id)
    if organization.api_key_sealed is None:
        return None
    cut_at, before = now - CUT, last(organization)
    with hms.for_organization(organization, retries=1) as client:
        theirs, ours = _theirs(client, cut_at), _ours(organization, cut_at)
        near, agreed_until = 0, None
        if theirs != ours:
            rows = list(client.usage.iterate(start_date=cut_at - NEAR, end_date=cut_at + NEAR, page_size=_PAGE_SIZE))
            theirs, near = theirs + _across(rows, _near(organization, cut_at), cut_at), len(rows)
        if theirs != ours:
            agreed_until = _agreed_until(client, organization, cut_at)
    times = 0 if theirs == ours else 1 + (before.times if before else 0)
    found = Compared(cut_at, now, theirs, ours, near, times, agreed_until)
    Organization.objects.filter(pk=organization.pk).update(control=_written(found))
    return found


def _theirs(client: HMSClient, until: datetime) -> int:
    summary = client.usage.list(limit=1, end_date=until).summary
    if summary.total_seconds is not None:
        return summary.total_seconds
    return sum(row.seconds for row in client.usage.iterate(end_date=until, page_size=_PAGE_SIZE))


def _ours(organization: Organization, until: datetime) -> int:
    total: int | None = (
        _ended(organization).filter(over_at__lte=until).aggregate(total=Sum("measured_seconds"))["total"]
    )
    return total or 0


def _near(organization: Organization, cut_at: datetime) -> list[tuple[datetime, int]]:
    rows = _ended(organization).filter(over_at__range=(cut_at - NEAR, cut_at + NEAR)).order_by("over_at")
    return list(rows.values_list("over_at", "measured_seconds"))


def _ended(organization: Organization) -> "QuerySet[Any]":
    over_at = Coalesce("ended_at", "started_at", "placed_at")
    return Call.objects.filter(organization=organization, measured_seconds__gt=0).annotate(over_at=over_at)


def _across(rows: Iterable[UsageRow], calls: Sequence[tuple[datetime, int]], cut_at: datetime) -> int:
    """Seconds to add to HMS's sum so that a call and its row stand on the same side of the cut."""
    open_rows = list(rows)
    moved = 0
    for over_at, seconds in calls:
        same = [row for row in open_rows if row.seconds == seconds and abs(row.created_at - over_at) <= NEAR]
        if not same:
            continue
        row = min(same, key=lambda each: abs(each.created_at - over_at))
        open_rows.remove(row)
        moved += seconds * ((over_at <= cut_at) - (row.created_at <= cut_at))
    return moved


def _agreed_until(client: HMSClient, organization: Organization, cut_at: datetime) -> datetime:
    """Up to where both sides agree: found by halving, with one request for each half."""
    agreed, differs = organization.wanted_at - NEAR, cut_at
    while differs - agreed > 2 * NEAR:
        middle = agreed + (differs - agreed) / 2
        if _theirs(client, middle) == _ours(organization, middle):
            agreed = middle
        else:
            differs = middle
    return agreed


def _written(found: Compared) -> dict[str, Any]:
    values = asdict(found)
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _read(stored: dict[str, Any]) -> Compared | None:
    if not stored:
        return None
    times = {name: parse_datetime(stored[name]) for name in ("cut_at", "compared_at")}
    agreed_until = parse_datetime(stored["agreed_until"]) if stored["agreed_until"] else None
    return Compared(**{**stored, **times, "agreed_until": agreed_until})
