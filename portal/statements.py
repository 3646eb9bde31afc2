"""The statement as a page, on paper and as CSV, alike for a client and for the agency.

Whoever calls has checked whose statement may be read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import slugify
from django.utils.translation import gettext, gettext_lazy

from agencies.models import Agency
from billing import months, statements, wallets
from billing.models import Wallet
from billing.months import Month
from billing.statements import Span
from calls import export, statement
from calls.statement import Line, Show
from clients.models import Client
from portal import wording
from portal.dashboard.entrance import enters_itself
from portal.wording import Told

LINES_A_PAGE = 50
LINES_A_SHEET = 1_000
_LINES_A_CHUNK = 200
_NAMES = {
    Show.ALL: gettext_lazy("Everything"),
    Show.ADDED: gettext_lazy("Credits added"),
    Show.TAKEN: gettext_lazy("Credits taken"),
    Show.CALLS: gettext_lazy("Calls"),
    Show.PAYMENTS: gettext_lazy("Purchases and refunds"),
    Show.GIVEN: gettext_lazy("Credits given"),
    Show.EXPIRED: gettext_lazy("Credits that expired"),
    Show.CORRECTIONS: gettext_lazy("Corrections"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What part of a statement an address asks for; no month is all of it."""

    show: Show = Show.ALL
    month: Month | None = None
    before: int | None = None
    after: int = 0

    def address(self, **other: Any) -> str:
        """The query of the same choice, with something else in place of what stands in it."""
        asked = replace(self, **other)
        said = {
            "month": str(asked.month or ""),
            "show": "" if asked.show is Show.ALL else asked.show.value,
            "before": str(asked.before or ""),
            "after": str(asked.after or ""),
        }
        return f"?{urlencode({name: value for name, value in said.items() if value})}"


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a statement of a client is told: the client, or somebody of the agency's team."""

    client: Client
    agency: Agency
    is_team: bool = False

    @property
    def agency_name(self) -> str:
        return str(self.agency.branding.company_name)

    def told(self, line: Line, *, under_heading: bool) -> Told:
        return wording.line(line, agency_name=self.agency_name, under_heading=under_heading, for_team=self.is_team)


def asked(request: HttpRequest) -> Asked:
    """What the address asks for. Raises Http404 for what cannot be asked."""
    query = request.GET
    try:
        show = Show(query.get("show") or Show.ALL)
        month = months.read(query["month"]) if query.get("month") else None
    except ValueError as error:
        raise Http404 from error
    return Asked(show, month, _version(query.get("before", "")), _version(query.get("after", "")) or 0)


def page(reader: Reader, choice: Asked, wallet: Wallet) -> dict[str, Any]:
    """A page of the statement, newest first, under the days on which it was booked."""
    pk, within = reader.client.pk, _month_of(reader.client, choice)
    found = statement.page(pk, before_version=choice.before, limit=LINES_A_PAGE, show=choice.show, within=within)
    lines = [(each.entry, reader.told(each, under_heading=True)) for each in found.lines]
    return {
        "client": reader.client,
        "wallet": wallet,
        "days": [(wording.day(day), list(group)) for day, group in groupby(lines, key=lambda line: line[1].day)],
        "older": choice.address(before=found.older_before) if found.older_before else "",
        "newer": _newer(reader.client, choice, within),
        "is_filtered": choice.show is not Show.ALL or choice.month is not None,
        "choice": choice.address(before=None, after=0),
        **_choices(reader.client, choice),
        **_period(reader.client, choice, within),
    }


def sheet(reader: Reader, choice: Asked) -> dict[str, Any]:
    """The statement on paper: oldest first, with the balance before and after. A long one comes in parts."""
    within = _span(reader.client, choice)
    lines, after = statement.part(
        reader.client.pk, within=within, after_version=choice.after, limit=LINES_A_SHEET, show=choice.show
    )
    is_first, is_last, is_whole = not choice.after, after is None, choice.show is Show.ALL
    carried_in = lines[0].entry.balance_after - lines[0].entry.amount if lines and is_whole and not is_first else None
    return {
        "client": reader.client,
        "agency_name": reader.agency_name,
        "lines": [(each.entry, *_on_paper(reader, each)) for each in lines],
        "period": month_name(choice.month) if choice.month else gettext("From the beginning until today"),
        "only": "" if is_whole else _NAMES[choice.show],
        "opening": within.opening if is_first else None,
        "carried_in": carried_in,
        "carried_on": lines[-1].entry.balance_after if lines and is_whole and not is_last else None,
        "closing": within.closing if is_last else None,
        "sums": statements.sums(reader.client.pk, within) if choice.month else None,
        "next_part": choice.address(after=after) if after else "",
        "back_to": choice.address(before=None, after=0),
        "printed": date_format(timezone.localtime(), "SHORT_DATETIME_FORMAT"),
    }


def csv(reader: Reader, choice: Asked) -> StreamingHttpResponse:
    """The chosen part of the statement as a file, oldest first, read inside the agency's schema while it is sent."""
    within = _span(reader.client, choice)
    show = "" if choice.show is Show.ALL else choice.show.value
    name = "-".join(filter(None, ["statement", slugify(reader.client.name)[:40], str(choice.month or ""), show]))
    response = StreamingHttpResponse(
        _chunks(_rows(reader, within, choice.show)),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}.csv"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
    return enters_itself(response, reader.agency)


def month_name(month: Month) -> str:
    """`November 2026`."""
    return date_format(month.first_day, "F Y")


def _on_paper(reader: Reader, line: Line) -> tuple[str, str]:
    """What happened and its details, without words like "today"; its day when that is not the one of its booking."""
    _icon, what, details = wording.explained(line, agency_name=reader.agency_name, for_team=reader.is_team)
    happened = wording.day_of(line.entry.event_at)
    if happened != wording.day_of(line.entry.created_at):
        details = [date_format(happened, "SHORT_DATE_FORMAT"), *details]
    return what, " · ".join(details)


def _rows(reader: Reader, within: Span, show: Show) -> Iterator[str]:
    yield export.header(more=["by"] if reader.is_team else [])
    for line in statement.every_line(reader.client.pk, within=within, show=show):
        _icon, what, details = wording.explained(line, agency_name=reader.agency_name)
        by = [str(line.entry.actor.get("email", ""))] if reader.is_team else []
        yield export.row(line, export.Words(what, " · ".join(details)), more=by)


def _chunks(rows: Iterator[str]) -> Iterator[bytes]:
    while chunk := "".join(islice(rows, _LINES_A_CHUNK)):
        yield chunk.encode()


def _month_of(client: Client, choice: Asked) -> Span | None:
    if choice.month is None:
        return None
    return statements.span(client.pk, from_at=choice.month.starts_at, until_at=choice.month.next.starts_at)


def _span(client: Client, choice: Asked) -> Span:
    """The versions that are asked for: of a month, or everything until now."""
    wallet = wallets.get(client.pk)
    return _month_of(client, choice) or Span(1, wallet.version, 0, wallet.balance)


def _newer(client: Client, choice: Asked, within: Span | None) -> str:
    if choice.before is None:
        return ""
    before = statement.newer_before(
        client.pk, before_version=choice.before, limit=LINES_A_PAGE, show=choice.show, within=within
    )
    return choice.address(before=before)


def _choices(client: Client, choice: Asked) -> dict[str, Any]:
    """What the two lists to choose from hold: every month since the first entry, and every kind."""
    now = months.of(timezone.now())
    began = statements.began_at(client.pk)
    known = months.between(months.of(began) if began else now, now)
    offered = sorted({*known, choice.month} if choice.month else known, reverse=True)
    return {
        "months": [(str(month), month_name(month), month == choice.month) for month in offered],
        "shows": [(show.value, name, show is choice.show) for show, name in _NAMES.items()],
        "month_before": _beside(choice, choice.month.previous, known) if choice.month else None,
        "month_after": _beside(choice, choice.month.next, known) if choice.month else None,
    }


def _beside(choice: Asked, month: Month, known: list[Month]) -> tuple[str, str] | None:
    """Name and address of a month beside the chosen one, if anything can have been booked in it."""
    if month not in known:
        return None
    return date_format(month.first_day, "M Y"), choice.address(month=month, before=None)


def _period(client: Client, choice: Asked, within: Span | None) -> dict[str, Any]:
    """The chosen month: its balances and sums, and the months beside it."""
    if choice.month is None or within is None:
        return {"period": "", "within": None}
    month = choice.month
    return {
        "period": month_name(month),
        "within": within,
        "sums": statements.sums(client.pk, within),
        "is_running": month == months.of(timezone.now()),
    }


def _version(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise Http404
    return int(text)
