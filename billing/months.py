"""A calendar month in the portal's time zone, with the two moments it lies between."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

_TYPED = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])\Z")
_EARLIEST, _LATEST = 1970, 9998


class NotAMonth(ValueError):
    """A text that names no month."""


@dataclass(frozen=True, slots=True, order=True)
class Month:
    year: int
    number: int

    def __str__(self) -> str:
        """`2025-11`."""
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def first_day(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def starts_at(self) -> datetime:
        """Midnight of the first day where the portal is; the month ends just before `next.starts_at`."""
        return timezone.make_aware(datetime(self.year, self.number, 1))

    @property
    def next(self) -> "Month":
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @property
    def previous(self) -> "Month":
        return Month(self.year - (self.number == 1), (self.number - 2) % 12 + 1)


def of(at: datetime) -> Month:
    """The month that a moment falls in."""
    day = timezone.localtime(at).date()
    return Month(day.year, day.month)


def read(text: str) -> Month:
    """The month of a text like `2025-11`. Raises NotAMonth."""
    match = _TYPED.match(text)
    if match is None or not _EARLIEST <= int(match[1]) <= _LATEST:
        raise NotAMonth(f"{text[:20]!r} is not a month")
    return Month(int(match[1]), int(match[2]))


def between(first: Month, last: Month) -> list[Month]:
    """Every month from the first to the last, the latest first; none when the last comes before the first."""
    found = []
    while last >= first:
        found.append(last)
        last = last.previous
    return found
