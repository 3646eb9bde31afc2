"""Audit log: who did what, when and from where, and what is different since."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from audit import reading
from audit.models import AuditEntry
from audit.reading import Choice
from portal import wording
from portal.dashboard import audit_export, audit_words
from portal.dashboard.audited import audited
from portal.dashboard.entrance import enters_itself
from portal.dashboard.roles import agency_of

_AT_ONCE = 50
_ROWS_A_CHUNK = 200


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address of the page asks for; days include the last."""

    email: str
    what: str
    first: date | None
    last: date | None

    @property
    def choice(self) -> Choice:
        until = None if self.last is None else _midnight(self.last + timedelta(days=1))
        return Choice(self.email, self.what, None if self.first is None else _midnight(self.first), until)

    @property
    def query(self) -> dict[str, str]:
        days = {"from": self.first, "until": self.last}
        chosen = {"who": self.email, "what": self.what, **{key: str(day) for key, day in days.items() if day}}
        return {key: value for key, value in chosen.items() if value}


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The latest entries, or those that were chosen."""
    agency, asked = agency_of(request), _asked(request)
    below = request.GET.get("below", "")
    number = int(below) if below.isdecimal() and len(below) < 18 else None
    found = reading.page(agency.pk, asked.choice, below=number, size=_AT_ONCE)
    here = reverse("dashboard:audit", args=[agency.slug])
    context = {
        "rows": [_row(entry) for entry in found.entries],
        "asked": asked,
        "people": reading.people(agency.pk),
        "actions": sorted(
            ((each, audit_words.of(each)) for each in reading.actions(agency.pk)), key=lambda one: one[1]
        ),
        "query": urlencode(asked.query),
        "older": f"{here}?{urlencode({**asked.query, 'below': str(found.older_below)})}" if found.older_below else "",
        "nav": "team",
        "section": "audit",
    }
    return render(request, "dashboard/audit.html", context)


@require_GET
@audited("export.audit", reads=True)
def csv(request: HttpRequest) -> HttpResponseBase:
    """The chosen entries as a file."""
    rows = _csv_rows(agency_of(request).pk, _asked(request).choice)
    response = StreamingHttpResponse(
        _chunks(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="audit-log.csv"', "Cache-Control": "no-store"},
    )
    return enters_itself(response, agency_of(request))


def _asked(request: HttpRequest) -> _Asked:
    got = request.GET
    return _Asked(
        email=got.get("who", "")[:254].replace("\0", ""),
        what=got.get("what", "")[:60].replace("\0", ""),
        first=_day(got.get("from", "")),
        last=_day(got.get("until", "")),
    )


def _day(text: str) -> date | None:
    """A day of this century; None for anything else."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day is not None and 2000 <= day.year < 2100 else None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _row(entry: AuditEntry) -> dict[str, Any]:
    return {
        "entry": entry,
        "words": audit_words.of(entry.what),
        "at": wording.moment(entry.at),
        "changes": audit_words.changes(entry),
    }


def _actions(agency_id: int) -> list[tuple[str, str]]:
    return [(each, audit_words.of(each)) for each in reading.actions(agency_id)]


def _csv_rows(agency_id: int, choice: Choice) -> Iterator[str]:
    yield audit_export.header()
    for entry in reading.every(agency_id, choice):
        yield audit_export.row(entry, audit_words.of(entry.what))


def _chunks(rows: Iterator[str]) -> Iterator[bytes]:
    while chunk := "".join(islice(rows, _ROWS_A_CHUNK)):
        yield chunk.encode()
