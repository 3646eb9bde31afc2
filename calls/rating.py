"""What a call costs: whole seconds in, whole seconds out. Pure; knows no row and no clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

ROUNDINGS = (1, 6, 30, 60)
# HMS's words for a call that never was one. They cost nothing, whatever time stands beside them.
FREE_STATUSES = frozenset({"failed", "rejected", "insufficient-credits"})
_OVER = FREE_STATUSES | {"ended", "ended-with-error", "transferred"}
LIVE_STATUSES = frozenset({"queued", "scheduled", "initiated", "dialing", "connecting", "ringing", "in-progress"})


@dataclass(frozen=True, slots=True)
class Terms:
    """What a call is booked under, frozen with it: the step in seconds that is rounded up to, what a minute costs the
    agency in millionths of a euro (`cost_micro_of` for a kind of call by HMS's word, where it differs), and whether the
    credits it is taken from were bought with real money. They hold since a moment; `before` is what held until then.
    """

    rounding: int
    cost_micro_per_minute: int
    livemode: bool
    cost_micro_of: Mapping[str, int] = field(default_factory=dict)
    since: datetime | None = None
    before: "Terms | None" = None

    def at(self, moment: datetime) -> "Terms":
        """The terms that hold for a call placed at this moment."""
        found = self
        while found.before is not None and found.since is not None and moment < found.since:
            found = found.before
        return found

    def cost_of(self, direction: str) -> int:
        """What a minute of such a call costs, in millionths of a euro."""
        return self.cost_micro_of.get(direction, self.cost_micro_per_minute)


def billed_seconds(measured_seconds: int, *, rounding: int) -> int:
    """The seconds to take for a call: measured, rounded up to a whole step. No time costs nothing.

    Raises ValueError for a negative time or a step that is none of ROUNDINGS.
    """
    if measured_seconds < 0:
        raise ValueError("a call does not last less than no time")
    if rounding not in ROUNDINGS:
        raise ValueError(f"calls are rounded to one of {ROUNDINGS} seconds")
    return -(-measured_seconds // rounding) * rounding


def cost_micro(measured_seconds: int, *, cost_micro_per_minute: int) -> int:
    """What the time costs the agency, in millionths of a euro, rounded up once."""
    return -(-measured_seconds * cost_micro_per_minute // 60)


def normal(status: str) -> str:
    """HMS's word in one spelling."""
    return status.lower().replace("_", "-")


def is_free(status: str) -> bool:
    """Whether a call with this status costs nothing."""
    return normal(status) in FREE_STATUSES


def is_over(status: str, *, has_ended: bool) -> bool:
    """Whether nothing more happens to the call. A word we do not know is believed only beside a time of ending."""
    word = normal(status)
    return word in _OVER or (has_ended and word not in LIVE_STATUSES)
