"""Instants are Unix seconds inside and ISO 8601 in UTC with milliseconds outside."""

import time
from datetime import UTC, datetime, timedelta


class NotATime(ValueError):
    """The text is neither a date nor a date and time."""


def now() -> float:
    """The present in Unix seconds, to the millisecond, so that differences survive being written and read."""
    return round(time.time(), 3)


def iso(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str, *, end_of_day: bool = False) -> float:
    """Unix seconds of an ISO text; a plain date is its first instant, or its last with `end_of_day`. NotATime."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00").replace(" ", "+"))
    except ValueError as error:
        raise NotATime(text) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if len(text) == len("2026-01-31") and end_of_day:
        moment += timedelta(days=1) - timedelta(milliseconds=1)
    return moment.timestamp()


def month(instant: float) -> str:
    """The calendar month in UTC, as 2026-01."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m")
