"""Whether the agency can deliver what it sold: minutes left at HMS beside credits that clients hold, and their pace.

Whole seconds; reads only. In the agency's schema.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min, Sum
from django.utils import timezone

from billing.models import Wallet
from calls.models import Call
from vault.models import HMSConnection

# The pace is that of so many days; of fewer while the agency's first call is younger.
PACE_DAYS = 7
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Coverage:
    """`seconds_left` is None until HMS has said it. `outstanding` is what clients hold above zero; `burned` is what
    calls took at HMS in the last `days` days."""

    seconds_left: int | None
    outstanding: int
    burned: int = 0
    days: int = PACE_DAYS

    @property
    def permille(self) -> int | None:
        """The share of the outstanding credits that the minutes cover, in tenths of a percent, rounded down; None while
        the minutes are not known or nothing is outstanding."""
        if self.seconds_left is None or self.outstanding <= 0:
            return None
        return max(0, self.seconds_left) * 1000 // self.outstanding

    @property
    def missing(self) -> int:
        """Seconds that the agency would have to buy to cover everything."""
        return max(0, self.outstanding - (self.seconds_left or 0))

    @property
    def seconds_a_day(self) -> int:
        """The pace, rounded up."""
        return -(-self.burned // self.days)

    @property
    def runway_days(self) -> int | None:
        """For how many whole days the minutes last at this pace; None while nobody calls or they are not known."""
        if self.seconds_left is None or self.burned <= 0:
            return None
        return max(0, self.seconds_left) * self.days // self.burned


def look(agency_id: int) -> Coverage:
    """How it stands now."""
    left = HMSConnection.objects.filter(agency_id=agency_id).values_list("seconds_left", flat=True).first()
    return with_left(left)


def with_left(seconds_left: int | None) -> Coverage:
    """How it stands if HMS has said that so much is left."""
    burned, days = _pace(timezone.now())
    return Coverage(seconds_left, outstanding(), burned, days)


def outstanding() -> int:
    """Seconds that clients hold, sold or given. Who is below zero holds nothing."""
    total: int | None = Wallet.objects.filter(balance__gt=0).aggregate(total=Sum("balance"))["total"]
    return total or 0


def _pace(now: datetime) -> tuple[int, int]:
    """Seconds at HMS of the last days, and of how many days."""
    recent = Call.objects.filter(placed_at__gt=now - PACE_DAYS * _DAY)
    found = recent.aggregate(total=Sum("measured_seconds"), first=Min("placed_at"))
    if Call.objects.filter(placed_at__lte=now - PACE_DAYS * _DAY).exists() or found["first"] is None:
        return found["total"] or 0, PACE_DAYS
    # Whoever began yesterday is not measured by a week.
    return found["total"] or 0, min(PACE_DAYS, max(1, -((found["first"] - now) // _DAY)))
