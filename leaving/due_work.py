"""Every follow-up that leaving asks for, derived anew from the rows; also of agencies that nobody enters any more."""

from datetime import datetime

from agencies import addresses
from agencies.models import Agency
from domains import verification
from domains.models import Domain
from follow_ups import agenda
from leaving import closing, exports
from leaving.models import Export

State = Agency.State
# Agency, kind, subject, and when; None for now.
Wanted = tuple[int, str, str, datetime | None]


def rebuild(agencies: list[int] | None = None) -> int:
    """Ask for all that is open of these agencies, or of all that there are or were; returns how many. In public."""
    wanted = [*_exports(), *_endings(), *_hosts_of_the_closed()]
    asked = [each for each in wanted if agencies is None or each[0] in agencies]
    for agency_id, kind, subject, due_at in asked:
        agenda.schedule(kind=kind, subject=subject, due_at=due_at, agency_id=agency_id)
    return len(asked)


def _exports() -> list[Wanted]:
    rows = Export.objects.exclude(state=Export.State.GONE).values_list("agency_id", "pk", "state", "ends_at")
    return [
        (agency_id, exports.DROP_KIND if state == Export.State.READY else exports.KIND, str(pk), ends_at)
        for agency_id, pk, state, ends_at in rows
    ]


def _endings() -> list[Wanted]:
    rows = Agency.objects.filter(closes_at__isnull=False).exclude(state=State.CLOSED)
    return [(pk, closing.KIND, str(pk), closes_at) for pk, closes_at in rows.values_list("pk", "closes_at")]


def _hosts_of_the_closed() -> list[Wanted]:
    rows = Domain.objects.filter(tenant__state=State.CLOSED).values_list("tenant_id", "pk", "kind", "gives_way_at")
    return [
        (agency_id, addresses.KIND if kind == Domain.Kind.SLUG else verification.KIND, str(pk), at)
        for agency_id, pk, kind, at in rows
    ]
