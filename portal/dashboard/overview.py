"""Overview: the first page of a running portal."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from agencies import overview as agency_overview
from agencies.earnings import Earnings
from agencies.overview import ClientStates
from portal.dashboard import rows
from portal.dashboard.roles import agency_of
from portal.templatetags.figures import money


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """What is left, what clients hold, what happened last, what needs a hand."""
    agency = agency_of(request)
    seen = agency_overview.look(agency)
    context = {
        "seen": seen,
        "client_states": _states(seen.clients),
        "earned": _earned(seen.earnings),
        "minutes_left": None if seen.seconds_left is None else seen.seconds_left // 60,
        "purchases": [rows.of_purchase(purchase, agency=agency, with_client=True) for purchase in seen.purchases],
        "calls": [rows.of_call(call, agency=agency, with_client=True) for call in seen.calls],
        "nav": "overview",
    }
    return render(request, "dashboard/overview.html", context)


def _states(clients: ClientStates) -> str:
    """How many clients need something, by what it is."""
    counted = (
        (clients.waiting, _("%(n)s not ready to call")),
        (clients.suspended, _("%(n)s suspended")),
        (clients.below_zero, _("%(n)s below zero")),
    )
    said = " · ".join(words % {"n": number} for number, words in counted if number)
    return said or (_("all ready to call") if clients.total else "")


def _earned(earnings: Earnings) -> dict[str, object]:
    """The days as a table and its charts read them, and what came in in other currencies."""
    days = [
        {
            "label": date_format(day.on, "j M"),
            "income": money(day.income_minor, earnings.currency),
            "revenue": _plain(day.income_minor),
            "purchases": day.purchases,
            "calls": day.calls,
        }
        for day in earnings.days
    ]
    others = " · ".join(money(amount, currency) for currency, amount in earnings.others.items())
    return {"days": days, "others": others, "is_any": any(day.income_minor or day.calls for day in earnings.days)}


def _plain(minor: int) -> str:
    """Minor units as a number with a dot, for a chart."""
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"
