"""Calls of all clients: the list, the same as a file, and each with its receipt."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from calls import going_on
from calls.models import Call
from portal import call_content, call_control, call_pages, wording
from portal.dashboard import rows
from portal.dashboard.audited import audited
from portal.dashboard.roles import actor_of, agency_of, manager_changes


@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """A page of calls, each with its client and what it took; those of a choice when asked."""
    listed = call_pages.listed(call_pages.asked(request), after=request.GET.get("after", ""))
    found = [rows.of_call(call, agency=agency_of(request), with_client=True) for call in listed["page"].calls]
    return render(request, "dashboard/calls.html", {"nav": "calls", "rows": found, **_live(), **listed})


@require_GET
@audited("export.calls", reads=True)
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


@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """The calls of all clients that run now; a part of the page of calls."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("dashboard:calls", slug=agency_of(request).slug)
    return render(request, "dashboard/_calls_live.html", _live())


@require_http_methods(["GET", "POST"])
@manager_changes
@audited("call.ended", outside=True)
def end(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Ask whether the call is to be ended; sent, end it."""
    call = _own(call_id)
    if request.method == "GET" and call.ended_at is None:
        context = {"nav": "calls", "title": wording.call_title(call), "call": call, "client": call.organization.client}
        return render(request, "dashboard/call_end.html", context)
    if request.method == "POST":
        call_control.end(request, call, actor=actor_of(request).as_json())
    return redirect("dashboard:call", slug=agency_of(request).slug, call_id=call.pk)


def _live() -> dict[str, Any]:
    return call_control.live(going_on.look_at_all(now=timezone.now()))


def _own(call_id: UUID) -> Call:
    return get_object_or_404(Call.objects.select_related("organization__client"), pk=call_id)
