"""What is going on for a client right now, running calls above all, and what a next one may cost. Reads only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from calls import holds
from calls.models import Call, Hold
from calls.rating import is_over

# A call that was never said to be over is not shown as running for ever.
_LONGEST = timedelta(hours=4)
_MOST = 5


@dataclass(frozen=True, slots=True)
class GoingOn:
    """A call that is not counted yet. `elapsed_seconds` is None until somebody answers; no hold, no longest."""

    call: Call
    is_over: bool
    elapsed_seconds: int | None
    longest_seconds: int

    @property
    def left_seconds(self) -> int:
        """For how much longer it may run."""
        return max(self.longest_seconds - (self.elapsed_seconds or 0), 0)


def look(client_id: UUID, *, now: datetime) -> list[GoingOn]:
    """The client's calls that run, or are over and not counted yet, newest first. Two queries."""
    calls = list(
        Call.objects.filter(organization__client_id=client_id, booked_at=None, placed_at__gt=now - _LONGEST).order_by(
            "-placed_at", "-pk"
        )[:_MOST]
    )
    if not calls:
        return []
    own = Hold.objects.filter(organization__client_id=client_id, released_at=None)
    held = own.filter(hms_call_id__in=[call.hms_id for call in calls])
    longest = {hold.hms_call_id: holds.longest_call(hold) for hold in held}
    return [_going_on(call, longest.get(call.hms_id, 0), now) for call in calls]


def costs_at_most(available: int, *, assistant_maximum: int | None = None) -> int:
    """The most seconds that a call started now could take, the grace at its end included; 0 when none can start."""
    if available < holds.MINIMUM_SECONDS:
        return 0
    return min(available, assistant_maximum or holds.CAP_SECONDS, holds.CAP_SECONDS) + holds.GRACE_SECONDS


def _going_on(call: Call, longest_seconds: int, now: datetime) -> GoingOn:
    elapsed = None
    if call.started_at is not None:
        elapsed = max(int(((call.ended_at or now) - call.started_at) / timedelta(seconds=1)), 0)
    return GoingOn(call, is_over(call.status, has_ended=call.ended_at is not None), elapsed, longest_seconds)
