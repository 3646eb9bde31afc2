"""A statement as rows of CSV: figures for machines, words for people, and nothing a spreadsheet would run. Pure.

Every field is quoted. A text that a spreadsheet would take for a formula gets an apostrophe in front; figures are ours,
hold digits, a sign and a dot alone, and stay figures.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from billing.credits import SECONDS_PER_CREDIT
from calls.statement import Line

COLUMNS = (
    "number",
    "booked_at",
    "happened_at",
    "kind",
    "what",
    "details",
    "seconds",
    "credits",
    "balance_seconds",
    "balance_credits",
    "mode",
    "reference",
)
# The ASCII signs and their full-width twins; a tab or a line break in front would hide one.
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Words:
    """What a line says to people: `what` happened, and its `details`."""

    what: str
    details: str


def harmless(text: str) -> str:
    """The text, with an apostrophe in front when a spreadsheet could take it for a formula; without NUL."""
    text = text.replace("\0", "")
    is_formula = text.startswith(_STARTS_A_FORMULA) or text.lstrip().startswith(_STARTS_A_FORMULA)
    return f"'{text}" if is_formula else text


def in_credits(seconds: int) -> str:
    """Credits with a dot and the nearest two decimals, exact when they suffice: 204 is 3.40, -65 is -1.08."""
    hundredths = (abs(seconds) * 100 + SECONDS_PER_CREDIT // 2) // SECONDS_PER_CREDIT
    sign = "-" if seconds < 0 and hundredths else ""
    return f"{sign}{hundredths // 100}.{hundredths % 100:02d}"


def header(*, more: Iterable[str] = ()) -> str:
    """The first row; `more` are columns of the caller's own."""
    return _row([*COLUMNS, *more])


def row(line: Line, words: Words, *, more: Iterable[str] = ()) -> str:
    """One movement: times in ISO 8601 and UTC, seconds as integers, credits with a dot. `more` is text."""
    entry = line.entry
    figures = [str(entry.amount), in_credits(entry.amount), str(entry.balance_after), in_credits(entry.balance_after)]
    behind = line.call or line.purchase
    return _row(
        [
            str(entry.version),
            entry.created_at.isoformat(timespec="microseconds"),
            entry.event_at.isoformat(timespec="microseconds"),
            entry.kind,
            harmless(words.what),
            harmless(words.details),
            *figures,
            "live" if entry.livemode else "test",
            str(behind.pk) if behind else "",
            *map(harmless, more),
        ]
    )


def _row(fields: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerow(fields)
    return text.getvalue()
