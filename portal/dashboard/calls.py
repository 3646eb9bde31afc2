"""Calls of all clients, the latest first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from agencies import call_log
from portal.dashboard import rows
from portal.dashboard.roles import agency_of


@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """A page of calls, each with its client and what it took."""
    page = call_log.page(after=request.GET.get("after", ""))
    listed = [rows.of_call(call, agency=agency_of(request), with_client=True) for call in page.calls]
    return render(request, "dashboard/calls.html", {"rows": listed, "page": page, "nav": "calls"})
