"""Overview: the first page of a running portal."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from agencies import overview as agency_overview
from portal.dashboard import rows
from portal.dashboard.roles import agency_of


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """What is left, what clients hold, what happened last, what needs a hand."""
    agency = agency_of(request)
    seen = agency_overview.look(agency)
    context = {
        "seen": seen,
        "minutes_left": None if seen.seconds_left is None else seen.seconds_left // 60,
        "purchases": [rows.of_purchase(purchase, agency=agency, with_client=True) for purchase in seen.purchases],
        "calls": [rows.of_call(call, agency=agency, with_client=True) for call in seen.calls],
        "nav": "overview",
    }
    return render(request, "dashboard/overview.html", context)
