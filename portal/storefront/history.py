"""What happened: the statement, the calls, and a receipt for each call."""

from itertools import groupby
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from agencies import call_log
from calls import statement as statements
from calls.models import Call, Hold
from portal import statements as pages
from portal import wording
from portal.storefront import access
from portal.storefront.access import client_page


@require_GET
@client_page(also_when_off=True)
def statement(request: HttpRequest) -> HttpResponse:
    """Every movement of the balance, newest first, under the days they happened on; a month or a kind when asked."""
    wallet = request.wallet  # type: ignore[attr-defined]
    context = pages.page(_reader(request), pages.asked(request), wallet)
    return render(request, "storefront/statement.html", context | {"nav": "statement"})


@require_GET
@client_page(also_when_off=True)
def statement_sheet(request: HttpRequest) -> HttpResponse:
    """The statement for paper."""
    context = pages.sheet(_reader(request), pages.asked(request))
    return render(request, "storefront/statement_sheet.html", context | {"nav": "statement"})


@require_GET
@client_page(also_when_off=True)
def statement_csv(request: HttpRequest) -> HttpResponseBase:
    """The statement as a file."""
    return pages.csv(_reader(request), pages.asked(request))


@require_GET
@client_page(also_when_off=True)
def calls(request: HttpRequest) -> HttpResponse:
    """The client's calls, newest first, under the days they were placed on."""
    page = call_log.page(client_id=request.client.pk, after=request.GET.get("after", ""))  # type: ignore[attr-defined]
    found = groupby(page.calls, key=lambda call: wording.day_of(call.placed_at))
    context = {
        "nav": "calls",
        "days": [(wording.day(day), [_listed(call) for call in group]) for day, group in found],
        "older": page.older,
        "is_first": "after" not in request.GET,
    }
    return render(request, "storefront/calls.html", context)


@require_GET
@client_page(also_when_off=True)
def call(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """The receipt of one call: talked, billed and by which rule, the balance after it."""
    found = get_object_or_404(Call, pk=call_id, organization__client_id=request.client.pk)  # type: ignore[attr-defined]
    held = Hold.objects.filter(organization_id=found.organization_id, hms_call_id=found.hms_id)
    context = {
        "nav": "calls",
        "call": found,
        "entries": statements.of_call(found),
        "hold": held.order_by("-created_at").first(),
        **_listed(found),
        "result": wording.call_result(found),
        "direction": wording.call_direction(found),
        "rounding": wording.rounding(found),
        "at": wording.moment(found.started_at or found.placed_at),
    }
    return render(request, "storefront/_call.html" if request.htmx else "storefront/call.html", context)  # type: ignore[attr-defined]


def _listed(call: Call) -> dict[str, object]:
    return {
        "call": call,
        "title": wording.call_title(call),
        "icon": wording.call_icon(call),
        "meta": wording.call_meta(call),
        "state": wording.call_state(call),
        "taken": -(call.billed_seconds or 0),
    }


def _reader(request: HttpRequest) -> pages.Reader:
    return pages.Reader(request.client, access.agency_of(request))  # type: ignore[attr-defined]
