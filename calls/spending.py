"""How fast a client uses its credits: seconds billed for each day's calls, and how long the rest lasts. Reads only."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from calls.models import Call


@dataclass(frozen=True, slots=True)
class Spending:
    """Days with their billed seconds, oldest first; today is the last and not over yet."""

    days: list[tuple[date, int]]
    calls: int

    @property
    def seconds(self) -> int:
        """Billed in all of these days."""
        return sum(seconds for _day, seconds in self.days)

    @property
    def active_days(self) -> int:
        """Days since the first call among them: whoever began yesterday is not measured by two weeks."""
        return next((len(self.days) - number for number, (_day, used) in enumerate(self.days) if used), 0)

    def days_left(self, available: int) -> int | None:
        """For how many whole days the available seconds last at this pace; None when there is nothing to go by."""
        return available * self.active_days // self.seconds if self.seconds > 0 and available > 0 else None


def of(client_id: UUID, *, days: int = 14) -> Spending:
    """The client's last days, today included, each call on the day it was placed, in the current time zone."""
    today = timezone.localdate()
    first = today - timedelta(days=days - 1)
    since = timezone.make_aware(datetime.combine(first, time.min))
    rows = (
        Call.objects.filter(organization__client_id=client_id, placed_at__gte=since, billed_seconds__gt=0)
        .annotate(day=TruncDate("placed_at"))
        .values("day")
        .annotate(seconds=Sum("billed_seconds"), calls=Count("pk"))
    )
    found = {row["day"]: row for row in rows}
    each = [first + timedelta(days=number) for number in range(days)]
    return Spending(
        [(day, found[day]["seconds"] if day in found else 0) for day in each],
        sum(row["calls"] for row in found.values()),
    )
