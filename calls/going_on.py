"""What is going on for a client right now, running calls above all, and what a next one may cost. Reads only."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from billing.models import Wallet
from calls import holds, obstacles
from calls.models import Call, Hold
from calls.rating import is_over
from clients import limits

_MOST, _MOST_OF_ALL = 5, 30


@dataclass(frozen=True, slots=True)
class GoingOn:
    """A call that is not counted yet. `elapsed_seconds` is None until somebody answers; no hold, no longest."""

    call: Call
    is_over: bool
    elapsed_seconds: int | None
    longest_seconds: int

    @property
    def can_be_ended(self) -> bool:
        """Whether somebody has answered and it is not over: HMS hangs up nothing else."""
        return self.elapsed_seconds is not None and not self.is_over

    @property
    def left_seconds(self) -> int:
        """For how much longer it may run."""
        return max(self.longest_seconds - (self.elapsed_seconds or 0), 0)


def look(client_id: UUID, *, now: datetime) -> list[GoingOn]:
    """The client's calls that run, or are over and not counted yet, newest first. Two queries."""
    return _going(Call.objects.filter(organization__client_id=client_id), now, _MOST)


def look_at_all(*, now: datetime) -> list[GoingOn]:
    """The same of all clients, each call with its client."""
    return _going(Call.objects.select_related("organization__client"), now, _MOST_OF_ALL)


def _going(among: QuerySet[Call], now: datetime, most: int) -> list[GoingOn]:
    unsettled = among.filter(booked_at=None, placed_at__gt=now - obstacles.LONGEST)
    calls = list(unsettled.order_by("-placed_at", "-pk")[:most])
    if not calls:
        return []
    held = Hold.objects.filter(released_at=None, organization_id__in={call.organization_id for call in calls})
    held = held.filter(hms_call_id__in=[call.hms_id for call in calls])
    longest = {hold.hms_call_id: holds.longest_call(hold) for hold in held}
    return [_going_on(call, longest.get(call.hms_id, 0), now) for call in calls]


def costs_at_most(wallet: Wallet, *, assistant_maximum: int | None = None) -> int:
    """The most seconds that a call started now could take, the grace at its end included; 0 when none can start."""
    room = obstacles.room(wallet, limits.of(wallet.client_id), now=timezone.now())
    if room.obstacle is not None:
        return 0
    return min(room.seconds, assistant_maximum or room.seconds) + holds.GRACE_SECONDS


def _going_on(call: Call, longest_seconds: int, now: datetime) -> GoingOn:
    elapsed = None if call.started_at is None else obstacles.talked(call, now)
    return GoingOn(call, is_over(call.status, has_ended=call.ended_at is not None), elapsed, longest_seconds)
