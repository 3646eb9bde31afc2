"""Calls as rows of CSV: figures for machines, masked numbers, and nothing a spreadsheet would run. Pure.

Every field is quoted; a text that a spreadsheet would take for a formula gets an apostrophe in front.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from calls.export import harmless, in_credits
from calls.models import Call

COLUMNS = (
    "placed_at",
    "started_at",
    "ended_at",
    "direction",
    "number",
    "own_number",
    "assistant",
    "status",
    "seconds_talked",
    "seconds_billed",
    "rounded_to_seconds",
    "credits",
    "reference",
)


@dataclass(frozen=True, slots=True)
class Words:
    """What a row says to people: the masked number of the other side, and how the call stands."""

    number: str
    status: str


def header(*, more: Iterable[str] = ()) -> str:
    """The first row; `more` are columns of the caller's own."""
    return _row([*COLUMNS, *more])


def row(call: Call, words: Words, *, more: Iterable[str] = ()) -> str:
    """One call: times in ISO 8601 and UTC, seconds as integers, credits with a dot. What is not known yet is empty."""
    times = (call.placed_at, call.started_at, call.ended_at)
    is_billed = call.billed_seconds is not None
    return _row(
        [
            *("" if at is None else at.isoformat(timespec="seconds") for at in times),
            harmless(call.direction),
            harmless(words.number),
            harmless(call.own_number),
            harmless(call.assistant_name),
            harmless(words.status),
            "" if call.measured_seconds is None else str(call.measured_seconds),
            str(call.billed_seconds) if is_billed else "",
            str(call.rounding) if is_billed else "",
            in_credits(call.billed_seconds or 0) if is_billed else "",
            str(call.pk),
            *map(harmless, more),
        ]
    )


def _row(fields: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerow(fields)
    return text.getvalue()
