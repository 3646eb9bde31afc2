"""What an agency's clients used in a month: talked, charged, what rounding made of it, and what it cost. Reads only.

A call belongs to the month in which it was placed, and each costs what was frozen with it. In the agency's schema.
"""

from dataclasses import dataclass

from django.db.models import BigIntegerField, Count, F, Q, Sum
from django.db.models.functions import Cast

from billing.margin import MICRO_PER_MINOR
from billing.months import Month
from calls.models import Call

_SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Usage:
    """Whole seconds, and hundredths of a euro. `free` was measured and charged to nobody: calls that failed."""

    calls: int
    measured: int
    free: int
    billed: int
    cost_minor: int
    rounding_minor: int

    @property
    def rounding(self) -> int:
        """Seconds that were charged beyond what was talked, because calls are rounded up."""
        return self.billed - (self.measured - self.free)


def of(month: Month) -> Usage:
    """The calls of a month that are over."""
    booked = Call.objects.filter(
        placed_at__gte=month.starts_at, placed_at__lt=month.next.starts_at, booked_at__isnull=False
    )
    cost = Cast(F("cost_micro_per_minute"), BigIntegerField())
    found = booked.aggregate(
        calls=Count("pk"),
        measured=Sum("measured_seconds"),
        free=Sum("measured_seconds", filter=Q(billed_seconds=0)),
        billed=Sum("billed_seconds"),
        cost=Sum(F("measured_seconds") * cost),
        rounded=Sum((F("billed_seconds") - F("measured_seconds")) * cost, filter=Q(billed_seconds__gt=0)),
    )
    sums = {name: int(value or 0) for name, value in found.items()}
    return Usage(
        calls=sums["calls"],
        measured=sums["measured"],
        free=sums["free"],
        billed=sums["billed"],
        cost_minor=_minor(sums["cost"], round_up=True),
        rounding_minor=_minor(sums["rounded"], round_up=False),
    )


def _minor(micro_seconds: int, *, round_up: bool) -> int:
    """Seconds times millionths for a minute, as hundredths, rounded once and against the agency."""
    unit = _SECONDS_PER_MINUTE * MICRO_PER_MINOR
    return -(-micro_seconds // unit) if round_up else micro_seconds // unit
