"""Calls in numbers: how much was talked on each day, how calls ended, how long they are on average. Reads only."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate

from calls import choosing
from calls.choosing import Choice, Outcome


@dataclass(frozen=True, slots=True)
class Day:
    """A day's calls: all of them, those in which somebody talked, and their seconds."""

    on: date
    calls: int = 0
    answered: int = 0
    measured_seconds: int = 0
    billed_seconds: int = 0

    @property
    def average_seconds(self) -> int:
        """How long a call was in which somebody talked, in whole seconds; 0 without any."""
        return self.measured_seconds // self.answered if self.answered else 0


@dataclass(frozen=True, slots=True)
class Figures:
    """Every day of a period, the first one first, and how often each outcome was met."""

    days: list[Day]
    outcomes: list[tuple[Outcome, int]]

    @property
    def whole(self) -> Day:
        """All of the days as if they were one: the first."""
        return Day(
            self.days[0].on,
            sum(day.calls for day in self.days),
            sum(day.answered for day in self.days),
            sum(day.measured_seconds for day in self.days),
            sum(day.billed_seconds for day in self.days),
        )


def of(choice: Choice, *, first: date, last: date) -> Figures:
    """The chosen calls between two days, both included, each on the day it was made in the current time zone.

    `choice` has to bound them to the same days. Two queries.
    """
    found = choosing.chosen(choice)
    rows = (
        found.annotate(on=TruncDate("placed_at"))
        .values("on")
        .annotate(
            calls=Count("pk"),
            answered=Count("pk", filter=Q(measured_seconds__gt=0)),
            measured=Sum("measured_seconds", default=0),
            billed=Sum("billed_seconds", default=0),
        )
    )
    known = {
        row["on"]: Day(row["on"], row["calls"], row["answered"], row["measured"], row["billed"])
        for row in rows.order_by("on")
    }
    each = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    statuses = found.order_by().values_list("status").annotate(number=Count("pk"))
    return Figures([known.get(day) or Day(day) for day in each], _by_outcome(statuses))


def first_call_at(choice: Choice) -> datetime | None:
    """When the oldest of the chosen calls was made."""
    return choosing.chosen(choice).order_by("placed_at").values_list("placed_at", flat=True).first()


def _by_outcome(statuses: Iterable[tuple[str, int]]) -> list[tuple[Outcome, int]]:
    counted: Counter[Outcome] = Counter()
    for status, number in statuses:
        counted[choosing.outcome_of(status)] += number
    return counted.most_common()
