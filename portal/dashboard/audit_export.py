"""The audit log as rows of CSV, with all that its digests are made of, and nothing a spreadsheet would run. Pure."""

import csv
import io
import json
from collections.abc import Iterable

from audit.models import AuditEntry
from calls.export import harmless

COLUMNS = ("number", "at", "who", "kind", "role", "action", "what", "subject", "before", "after", "came_from", "digest")


def header() -> str:
    """The first row."""
    return _row(COLUMNS)


def row(entry: AuditEntry, words: str) -> str:
    """One entry: time in ISO 8601 and UTC, what was before and after as JSON."""
    texts = (entry.actor_email, entry.actor_kind, entry.actor_role, entry.what, words, entry.subject)
    sides = (json.dumps(side, sort_keys=True, ensure_ascii=False) for side in (entry.before, entry.after))
    return _row(
        [str(entry.number), entry.at.isoformat(), *map(harmless, (*texts, *sides)), entry.came_from or "", entry.digest]
    )


def _row(values: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(values)
    return line.getvalue()
