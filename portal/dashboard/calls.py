"""Calls of all clients: the list, the same as a file, and each with its receipt."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from calls.models import Call
from portal import call_content, call_pages, wording
from portal.dashboard import rows
from portal.dashboard.roles import agency_of


@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """A page of calls, each with its client and what it took; those of a choice when asked."""
    listed = call_pages.listed(call_pages.asked(request), after=request.GET.get("after", ""))
    found = [rows.of_call(call, agency=agency_of(request), with_client=True) for call in listed["page"].calls]
    return render(request, "dashboard/calls.html", {"nav": "calls", "rows": found, **listed})


@require_GET
def csv(request: HttpRequest) -> HttpResponseBase:
    """The chosen calls as a file, each with its client."""
    return call_pages.csv(call_pages.asked(request), agency=agency_of(request), with_client=True)


@require_GET
def detail(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """One call of a client: what happened, and its receipt."""
    call = _own(call_id)
    context = {"nav": "calls", "client": call.organization.client, **call_pages.receipt(call)}
    return render(request, "dashboard/_call.html" if request.htmx else "dashboard/call.html", context)  # type: ignore[attr-defined]


@require_GET
def said(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """What was said in a call, as the telephone service has it at this moment; a part of the call's page."""
    call = _own(call_id)
    heard_at = reverse("dashboard:call_recording", args=[agency_of(request).slug, call.pk])
    found = call_content.context(call, recording_url=heard_at)
    context = {"nav": "calls", "title": wording.call_title(call), **found}
    return render(request, "calls/_said.html" if request.htmx else "dashboard/call_said.html", context)  # type: ignore[attr-defined]


@require_GET
def recording(request: HttpRequest, call_id: UUID) -> HttpResponseBase:
    """The recording of a call."""
    return call_content.listen(_own(call_id), request.headers.get("Range", ""))


def _own(call_id: UUID) -> Call:
    return get_object_or_404(Call.objects.select_related("organization__client"), pk=call_id)
