"""Clients as rows of CSV: figures for machines, and nothing a spreadsheet would run. Pure.

Every field is quoted; a text that a spreadsheet would take for a formula gets an apostrophe in front.
"""

import csv
import io
from collections.abc import Iterable

from agencies.directory import Row
from billing.models import Currency
from calls.export import harmless, in_credits

_PAID = [f"paid_{currency}" for currency in Currency.values]
COLUMNS = ("signed_up_at", "email", "name", "state", "organization", "balance", "held", "last_call_at", *_PAID)


def header() -> str:
    """The first row."""
    return _row(COLUMNS)


def row(client: Row) -> str:
    """One client: times in ISO 8601 and UTC, credits and money with a dot, one column for each currency."""
    return _row(
        [
            client.signed_up_at.isoformat(timespec="seconds"),
            harmless(client.email),
            harmless(client.name),
            "suspended" if client.is_suspended else "active",
            client.organization_state,
            in_credits(client.balance),
            in_credits(client.held),
            client.last_call_at.isoformat(timespec="seconds") if client.last_call_at else "",
            *(_hundredths(client.paid_minor.get(currency, 0)) for currency in Currency.values),
        ]
    )


def _hundredths(minor: int) -> str:
    """Every currency that is sold in has hundredths."""
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def _row(fields: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerow(fields)
    return text.getvalue()
