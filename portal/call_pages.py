"""The calls as a page and as CSV, alike for a client and for the agency.

Whoever calls has checked whose calls may be read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agencies import call_log
from agencies.models import Agency
from billing import months
from calls import choosing, figures, list_export, statement
from calls.choosing import Choice, Outcome
from calls.models import Call, Hold
from portal import wording
from portal.dashboard.entrance import enters_itself
from portal.templatetags.figures import masked_phone, minutes_seconds

_ROWS_A_CHUNK = 200
_LAST_DAYS = (7, 30, 90)
_DAYS_SHOWN = 30
_MONTHS_OFFERED = 24
_LONGEST_SEARCH = 80
_OUTCOMES = {
    Outcome.RUNNING: gettext_lazy("Running"),
    Outcome.ENDED: gettext_lazy("Ended"),
    Outcome.PASSED_ON: gettext_lazy("Passed on"),
    Outcome.BROKE_OFF: gettext_lazy("Broke off"),
    Outcome.NOT_ANSWERED: gettext_lazy("Not answered"),
    Outcome.NOT_CONNECTED: gettext_lazy("Not connected"),
    Outcome.OTHER: gettext_lazy("Something else"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for. `first` and `last` are the days of its period, None for all of the time."""

    choice: Choice
    period: str = ""
    first: date | None = None
    last: date | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether anything was chosen."""
        return self.query != ""

    @property
    def query(self) -> str:
        """The choice as the query of an address."""
        return self.address()

    def address(self, **more: str) -> str:
        """The query of this choice with `more` in it; "" for everything."""
        said = {
            "period": self.period,
            "direction": self.choice.direction,
            "outcome": self.choice.outcome or "",
            "assistant": self.choice.assistant,
            "search": self.choice.search,
            **more,
        }
        query = urlencode({name: value for name, value in said.items() if value})
        return f"?{query}" if query else ""


def asked(request: HttpRequest, *, client_id: UUID | None = None) -> Asked:
    """What the address asks for, of one client or of all. What makes no sense is no choice."""
    said = request.GET
    period, days = _period(said.get("period", ""))
    direction, outcome = said.get("direction", ""), said.get("outcome", "")
    choice = Choice(
        client_id=client_id,
        since=_midnight(days[0]) if days else None,
        until=_midnight(days[1] + timedelta(days=1)) if days else None,
        direction=direction if direction in choosing.DIRECTIONS else "",
        outcome=Outcome(outcome) if outcome in list(Outcome) else None,
        assistant=said.get("assistant", "").replace("\0", "")[:200],
        search=said.get("search", "").replace("\0", "").strip()[:_LONGEST_SEARCH],
    )
    return Asked(choice, period, *(days or (None, None)))


def listed(asked_for: Asked, *, after: str) -> dict[str, Any]:
    """A page of calls, what can be chosen, and the figures of the chosen calls."""
    page = call_log.page(asked_for.choice, after=after)
    return {
        "page": page,
        "asked": asked_for,
        "older": asked_for.address(after=page.older) if page.older else "",
        "newer": (asked_for.query or "?") if after else "",
        "choices": _choices(asked_for),
        "figures": None if after or not page.calls else _figures(asked_for),
    }


def csv(asked_for: Asked, *, agency: Agency, with_client: bool) -> StreamingHttpResponse:
    """The chosen calls as a file, the latest first, read inside the agency's schema while it is sent."""
    response = StreamingHttpResponse(
        _chunks(_rows(asked_for.choice, with_client)),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="calls.csv"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
    return enters_itself(response, agency)


def receipt(call: Call) -> dict[str, Any]:
    """One call with its receipt: seconds talked and billed, the rule, what was taken, the balance after it."""
    held = Hold.objects.filter(organization_id=call.organization_id, hms_call_id=call.hms_id)
    return {
        "call": call,
        "entries": statement.of_call(call),
        "hold": held.order_by("-created_at").first(),
        "title": wording.call_title(call),
        "result": wording.call_result(call),
        "direction": wording.call_direction(call),
        "rounding": wording.rounding(call),
        "at": wording.moment(call.started_at or call.placed_at),
    }


def _period(text: str) -> tuple[str, tuple[date, date] | None]:
    """The period's name and its days, both included; nothing for a text that names none."""
    today = timezone.localdate()
    if text in map(str, _LAST_DAYS):
        return text, (today - timedelta(days=int(text) - 1), today)
    try:
        month = months.read(text)
    except months.NotAMonth:
        return "", None
    return str(month), (month.first_day, month.next.first_day - timedelta(days=1))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _choices(asked_for: Asked) -> dict[str, Any]:
    choice = asked_for.choice
    names = choosing.assistants(choice.client_id)
    if choice.assistant and choice.assistant not in names:
        names = [choice.assistant, *names]
    return {
        "periods": _periods(asked_for),
        "directions": [(word, wording.direction(word), word == choice.direction) for word in choosing.DIRECTIONS],
        "outcomes": [(word.value, name, word is choice.outcome) for word, name in _OUTCOMES.items()],
        "assistants": [(name, name == choice.assistant) for name in names],
    }


def _periods(asked_for: Asked) -> list[tuple[str, str, bool]]:
    """The last days, then every month since the first call, the latest first."""
    now = months.of(timezone.now())
    began = figures.first_call_at(Choice(client_id=asked_for.choice.client_id))
    known = months.between(months.of(began) if began else now, now)[:_MONTHS_OFFERED]
    offered = [
        (str(number), ngettext("Last %(days)s day", "Last %(days)s days", number) % {"days": number})
        for number in _LAST_DAYS
    ]
    offered += [(str(month), date_format(month.first_day, "F Y")) for month in known]
    if asked_for.first and asked_for.period not in dict(offered):
        offered.append((asked_for.period, date_format(asked_for.first, "F Y")))
    return [(value, name, value == asked_for.period) for value, name in offered]


def _figures(asked_for: Asked) -> dict[str, Any]:
    """Of the chosen period, of the last month's days where none was chosen; of a month that runs, until today."""
    today = timezone.localdate()
    first = asked_for.first or today - timedelta(days=_DAYS_SHOWN - 1)
    last = max(first, min(asked_for.last or today, today))
    bounded = replace(asked_for.choice, since=_midnight(first), until=_midnight(last + timedelta(days=1)))
    found = figures.of(bounded, first=first, last=last)
    return {
        "days": [
            {
                "label": date_format(day.on, "j M"),
                "calls": day.calls,
                "minutes": _minutes(day.billed_seconds),
                "billed": minutes_seconds(day.billed_seconds),
                "average": minutes_seconds(day.average_seconds) if day.answered else "–",
                "average_minutes": _minutes(day.average_seconds) if day.answered else "",
            }
            for day in found.days
        ],
        "outcomes": [(str(_OUTCOMES[outcome]), number) for outcome, number in found.outcomes],
        "whole": found.whole,
        "of": "" if asked_for.first else _("Last %(days)s days") % {"days": _DAYS_SHOWN},
    }


def _minutes(seconds: int) -> str:
    """Minutes with one decimal and a dot, for a chart: the nearest tenth."""
    tenths = (seconds + 3) // 6
    return f"{tenths // 10}.{tenths % 10}"


def _rows(choice: Choice, with_client: bool) -> Iterator[str]:
    yield list_export.header(more=["client", "email"] if with_client else [])
    for call in call_log.every(choice):
        client = call.organization.client
        words = list_export.Words(masked_phone(call.customer_number), wording.call_state(call))
        yield list_export.row(call, words, more=[client.name, client.email] if with_client else [])


def _chunks(rows: Iterator[str]) -> Iterator[bytes]:
    while chunk := "".join(islice(rows, _ROWS_A_CHUNK)):
        yield chunk.encode()
