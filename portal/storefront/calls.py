"""The client's calls: the list, the same as a file, and each with its receipt."""

from itertools import groupby
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
from portal.storefront.access import agency_of, client_page


@require_GET
@client_page(also_when_off=True)
def table(request: HttpRequest) -> HttpResponse:
    """The client's calls, newest first, under the days they were placed on; those of a choice when asked."""
    listed = call_pages.listed(_asked(request), after=request.GET.get("after", ""))
    found = groupby(listed["page"].calls, key=lambda call: wording.day_of(call.placed_at))
    days = [(wording.day(day), [_row(call) for call in group]) for day, group in found]
    return render(request, "storefront/calls.html", {"nav": "calls", "days": days, **_live(request), **listed})


@require_GET
@client_page(also_when_off=True)
def csv(request: HttpRequest) -> HttpResponseBase:
    """The chosen calls as a file."""
    return call_pages.csv(_asked(request), agency=agency_of(request), with_client=False)


@require_GET
@client_page(also_when_off=True)
def detail(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """One call: what happened, and its receipt."""
    context = {"nav": "calls", **call_pages.receipt(_own(request, call_id))}
    return render(request, "storefront/_call.html" if request.htmx else "storefront/call.html", context)  # type: ignore[attr-defined]


@require_GET
@client_page(also_when_off=True)
def said(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """What was said in a call, as the telephone service has it at this moment; a part of the call's page."""
    call = _own(request, call_id)
    heard_at = reverse("storefront:call_recording", args=[call.pk])
    found = call_content.context(call, recording_url=heard_at)
    context = {"nav": "calls", "title": wording.call_title(call), **found}
    return render(request, "calls/_said.html" if request.htmx else "storefront/call_said.html", context)  # type: ignore[attr-defined]


@require_GET
@client_page(also_when_off=True)
def recording(request: HttpRequest, call_id: UUID) -> HttpResponseBase:
    """The recording of a call."""
    return call_content.listen(_own(request, call_id), request.headers.get("Range", ""))


@require_GET
@client_page(also_when_off=True)
def live(request: HttpRequest) -> HttpResponse:
    """The calls that run now; a part of the page of calls."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("storefront:calls")
    return render(request, "storefront/_calls_live.html", _live(request))


@require_http_methods(["GET", "POST"])
@client_page(also_when_off=True)
def end(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Ask whether the call is to be ended; sent, end it."""
    call = _own(request, call_id)
    if request.method == "GET" and call.ended_at is None:
        return render(
            request, "storefront/call_end.html", {"nav": "calls", "title": wording.call_title(call), "call": call}
        )
    if request.method == "POST":
        call_control.end(request, call, actor=request.actor.as_json())  # type: ignore[attr-defined]
    return redirect("storefront:call", call_id=call.pk)


def _live(request: HttpRequest) -> dict[str, Any]:
    return call_control.live(going_on.look(request.client.pk, now=timezone.now()))  # type: ignore[attr-defined]


def _asked(request: HttpRequest) -> call_pages.Asked:
    return call_pages.asked(request, client_id=request.client.pk)  # type: ignore[attr-defined]


def _own(request: HttpRequest, call_id: UUID) -> Call:
    return get_object_or_404(
        Call.objects.select_related("organization"),
        pk=call_id,
        organization__client_id=request.client.pk,  # type: ignore[attr-defined]
    )


def _row(call: Call) -> dict[str, object]:
    return {
        "call": call,
        "title": wording.call_title(call),
        "icon": wording.call_icon(call),
        "meta": wording.call_meta(call),
        "state": wording.call_state(call),
        "taken": -(call.billed_seconds or 0),
    }
