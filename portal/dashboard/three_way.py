"""The three-way statement of a client: shown empty until somebody asks for it, because it asks HMS and Stripe."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from agencies import three_way
from agencies.three_way import ThreeWay
from billing import months, statements
from billing.against_stripe import Money
from billing.months import Month
from calls.against_hms import Time
from clients.models import Client
from portal import wording
from portal.statements import month_name
from portal.templatetags.figures import minutes_seconds, money, signed_credits


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """The month to compare; sent as a form, the comparison."""
    client = get_object_or_404(Client, pk=client_id)
    asked = request.POST if request.method == "POST" else request.GET
    month = _month(asked.get("month", ""))
    read = three_way.read(client_id=client.pk, month=month) if request.method == "POST" else None
    context = {
        "client": client,
        "month": month,
        "period": month_name(month),
        "months": [(str(one), month_name(one), one == month) for one in _offered(client, month)],
        "nav": "clients",
        **({} if read is None else _shown(read)),
    }
    htmx = request.headers.get("HX-Request") == "true"
    return render(request, f"dashboard/{'_three_way' if htmx else 'three_way'}.html", context)


def _month(text: str) -> Month:
    if not text:
        return months.of(timezone.now())
    try:
        return months.read(text)
    except months.NotAMonth as error:
        raise Http404 from error


def _offered(client: Client, month: Month) -> list[Month]:
    now = months.of(timezone.now())
    began = statements.began_at(client.pk)
    return sorted({month, *months.between(months.of(began) if began else now, now)}, reverse=True)


def _shown(read: ThreeWay) -> dict[str, Any]:
    return {
        "read": read,
        "read_at": wording.moment(read.read_at),
        "time_lines": _time_lines(read.time),
        "money_lines": _money_lines(read.money),
        "time_rows": _time_rows(read),
        "money_rows": _money_rows(read),
        "currencies": _currencies(read),
    }


def _time_lines(side: Time | None) -> list[tuple[str, str]]:
    """The way from what HMS measured to what the ledger took; a line that is nothing is left out."""
    if side is None:
        return []
    measured = ngettext("HMS measured, %(number)s call", "HMS measured, %(number)s calls", side.calls)
    lines = [
        (_("Calls that cost nothing"), -side.free),
        (_("Ended a moment ago, booked next"), -side.on_its_way),
        (_("Booked in another month"), -side.booked_elsewhere),
        (_("Calls of another month, booked in this one"), side.from_elsewhere),
    ]
    return [
        (measured % {"number": side.calls}, minutes_seconds(side.measured)),
        (_("Rounding"), minutes_seconds(side.rounding)),
        *((label, minutes_seconds(seconds)) for label, seconds in lines if seconds),
        (_("The ledger took"), minutes_seconds(side.taken)),
    ]


def _money_lines(side: Money | None) -> list[tuple[str, str]]:
    """The way from what the money is worth to what the ledger moved for it."""
    if side is None:
        return []
    lines = [
        (_("Booked in another month"), -side.booked_elsewhere),
        (_("Payments of another month, booked in this one"), side.from_elsewhere),
        (_("Paid in another Stripe account, which your key does not see"), side.of_other_accounts),
    ]
    return [
        (_("Time that this money is worth"), minutes_seconds(side.expected_seconds)),
        *((label, minutes_seconds(seconds)) for label, seconds in lines if seconds),
        (_("The ledger moved for it"), minutes_seconds(side.moved)),
    ]


def _currencies(read: ThreeWay) -> list[dict[str, str | bool]]:
    side = read.money
    if side is None:
        return []
    return [
        {
            "name": one.upper(),
            "paid": money(side.paid[one], one),
            "went_back": money(-side.went_back[one], one),
            "left": money(side.paid[one] - side.went_back[one], one),
            "ours": money(side.ours[one], one),
            "unexplained": money(side.unexplained_minor(one), one),
            "fits": not side.unexplained_minor(one),
        }
        for one in side.currencies
    ]


def _time_rows(read: ThreeWay) -> list[tuple[str, str, str, str, str]]:
    """Title, moment, what HMS says, what the ledger took, and the difference of each call that does not fit."""
    rows = read.time.rows if read.time else []
    return [
        (
            wording.call_title(row.call) if row.call else _("A call that is not known here"),
            wording.moment(row.at),
            _("not listed") if row.measured is None else minutes_seconds(row.measured),
            minutes_seconds(row.taken),
            signed_credits(row.difference),
        )
        for row in rows
    ]


def _money_rows(read: ThreeWay) -> list[dict[str, str]]:
    rows = read.money.rows if read.money else []
    return [
        {
            "id": row.stripe_id,
            "what": {"session": _("Payment"), "refund": _("Refund"), "dispute": _("Dispute")}[row.kind],
            "at": wording.moment(row.at),
            "theirs": money(row.theirs_minor, row.currency),
            "ours": money(row.ours_minor, row.currency),
            "seconds": signed_credits(row.expected - row.moved),
        }
        for row in rows
    ]
