"""HMS's own totals beside our calls, client by client; and calls that are no client's."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from agencies import control, control_pages, quarantine
from agencies.control_pages import Row
from agencies.models import Agency, StrayCall
from calls.models import Call
from follow_ups import agenda
from portal import wording
from portal.dashboard.roles import agency_of, manager_changes

_LATEST = 50


@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """Who differs, then every client; and the latest calls that are nobody's."""
    agency, after = agency_of(request), request.GET.get("after", "")
    page = control_pages.page(after=after)
    calls, seconds = quarantine.count()
    here = reverse("dashboard:hms_totals", args=[agency.slug])
    context = {
        "sums": control_pages.sums(),
        "differing": [] if after else [_row(row, agency) for row in control_pages.differing()],
        "rows": [_row(row, agency) for row in page.rows],
        "older": f"{here}?{urlencode({'after': page.older})}" if page.older else "",
        "stray": [] if after else [_stray(call) for call in quarantine.latest(_LATEST)],
        "stray_calls": calls,
        "stray_seconds": seconds,
        "nav": "hms",
    }
    return render(request, "dashboard/hms_totals.html", context)


@require_POST
@manager_changes
def compare(request: HttpRequest) -> HttpResponse:
    """Have every client compared now, and calls of nobody looked for."""
    control.schedule()
    agenda.schedule(kind=quarantine.KIND)
    messages.success(request, _("We are comparing now. Come back to this page in a minute."))
    return redirect("dashboard:hms_totals", slug=agency_of(request).slug)


def _row(row: Row, agency: Agency) -> dict[str, Any]:
    compared = row.compared
    return {
        "client": row.organization.client,
        "href": reverse("dashboard:client", args=[agency.slug, row.organization.client_id]),
        "compared": compared,
        "at": wording.moment(compared.compared_at) if compared else "",
        "until": wording.moment(compared.cut_at) if compared else "",
        "since": wording.moment(compared.agreed_until) if compared and compared.agreed_until else "",
    }


def _stray(call: StrayCall) -> dict[str, Any]:
    told = Call(direction=call.direction, status=call.status)
    return {
        "call": call,
        "title": wording.call_direction(told) or _("Call"),
        "icon": wording.call_icon(told),
        "at": wording.moment(call.placed_at),
        "state": wording.call_state(told),
    }
