"""Watching an agency's minutes: its people hear once each time that they fall below what they chose, and selling stops
if they want it to.

A crossing is written down in the transaction that keeps the new balance, together with the notification. It is over
once the figures are a tenth above the line again: a balance that trembles around it is one crossing and not many.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext as _

from agencies import coverage
from agencies.coverage import Coverage
from agencies.models import MinutesWatch
from notifications import notes
from notifications.models import Kind

MOST_MINUTES, MOST_DAYS, MOST_PERCENT = 10_000_000, 365, 1_000


class Alarm(StrEnum):
    """What the team hears of."""

    LOW = "low"
    FLOOR = "floor"


class SellingStopped(RuntimeError):
    """The agency's minutes cover too little of what was sold, and it lets nothing more be sold until they do."""


@dataclass
class WatchRefused(ValueError):
    """Not a line to watch. `field` is what it is about; the message is for who typed it."""

    field: str
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def of(agency_id: int) -> MinutesWatch:
    """What the agency chose, and which alarms are on; the usual lines while it has chosen nothing."""
    return MinutesWatch.objects.filter(agency_id=agency_id).first() or MinutesWatch(agency_id=agency_id)


def choose(*, agency_id: int, low_minutes: int, low_days: int, floor_percent: int, stops_selling: bool) -> MinutesWatch:
    """Keep the lines; 0 is off. They count from the next balance on, so ask for one. Raises WatchRefused."""
    bounds = {"low_minutes": (low_minutes, MOST_MINUTES), "low_days": (low_days, MOST_DAYS)}
    for field, (value, most) in {**bounds, "floor_percent": (floor_percent, MOST_PERCENT)}.items():
        if not 0 <= value <= most:
            raise WatchRefused(field, _("Type a whole number from 0 to %(most)s. 0 is off.") % {"most": most})
    if stops_selling and not floor_percent:
        raise WatchRefused("floor_percent", _("Selling stops at a floor. Choose one, such as 80."))
    chosen = {
        "low_seconds": low_minutes * 60,
        "low_days": low_days,
        "floor_percent": floor_percent,
        "stops_selling": stops_selling,
    }
    row, _is_new = MinutesWatch.objects.update_or_create(agency_id=agency_id, defaults=chosen)
    return row


def notice(agency_id: int, seen: Coverage, *, now: datetime) -> None:
    """Take note of a new balance: what has crossed its line is an alarm and told, once. In a transaction, in the
    agency's schema.
    """
    if seen.seconds_left is None:
        return
    MinutesWatch.objects.get_or_create(agency_id=agency_id)
    row = MinutesWatch.objects.select_for_update(no_key=True).get(agency_id=agency_id)
    for alarm, since, is_below, is_above in _judged(row, seen):
        if since is None and is_below:
            setattr(row, f"{alarm}_since", now)
            notes.note(Kind.MINUTES, subject=alarm.value, facts=_told(row, alarm, seen))
        elif since is not None and is_above:
            setattr(row, f"{alarm}_since", None)
    row.save(update_fields=["low_since", "floor_since"])


def below(agency_id: int, seen: Coverage) -> set[Alarm]:
    """What is below its line with these figures; nothing while HMS has not said how much is left."""
    if seen.seconds_left is None:
        return set()
    return {alarm for alarm, _since, is_below, _is_above in _judged(of(agency_id), seen) if is_below}


def is_on(agency_id: int, alarm: Alarm) -> bool:
    """Whether it is so still."""
    return getattr(of(agency_id), f"{alarm}_since") is not None


def refuse_to_oversell(agency_id: int) -> None:
    """Raise SellingStopped where the agency wants that: its minutes cover less of what was sold than its floor, now."""
    row = of(agency_id)
    if row.stops_selling and _is_below_floor(row, coverage.look(agency_id)):
        raise SellingStopped(agency_id)


def stops_now(agency_id: int) -> bool:
    """Whether nothing is sold at the moment."""
    try:
        refuse_to_oversell(agency_id)
    except SellingStopped:
        return True
    return False


def _judged(row: MinutesWatch, seen: Coverage) -> Iterator[tuple[Alarm, datetime | None, bool, bool]]:
    """Each alarm, since when it is on, whether the figures are below its line, and whether they are well above it."""
    left, days, share = seen.seconds_left or 0, seen.runway_days, seen.permille
    is_low = left < row.low_seconds or (days is not None and days < row.low_days)
    is_fine = left * 10 >= row.low_seconds * 11 and (days is None or days * 10 >= row.low_days * 11)
    yield Alarm.LOW, row.low_since, is_low, is_fine
    is_covered = share is None or share * 10 >= row.floor_percent * 110
    yield Alarm.FLOOR, row.floor_since, _is_below_floor(row, seen), is_covered


def _told(row: MinutesWatch, alarm: Alarm, seen: Coverage) -> dict[str, notes.Fact]:
    return {
        "alarm": alarm.value,
        "minutes": (seen.seconds_left or 0) // 60,
        "runway_days": seen.runway_days,
        "permille": seen.permille,
        "outstanding_seconds": seen.outstanding,
        "missing_minutes": -(-seen.missing // 60),
        "stops_selling": row.stops_selling,
    }


def _is_below_floor(row: MinutesWatch, seen: Coverage) -> bool:
    share = seen.permille
    return share is not None and share < row.floor_percent * 10
