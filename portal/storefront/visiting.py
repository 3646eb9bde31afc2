"""The portal's side of a visit by the team: the ticket that begins it, its end, and who looked, for the client."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from agencies import visits
from agencies.models import ClientVisit
from audit import trail
from clients.models import Client
from portal import visiting
from portal.dashboard.audited import came_from
from portal.storefront.access import agency_of, client_page
from portal.visiting import works_while_looking

LATEST = 50


@require_GET
def begin(request: HttpRequest, ticket: str) -> HttpResponse:
    """Use the ticket up and go to the client's first page."""
    try:
        with transaction.atomic():
            visit = visits.begin(ticket)
            _write(request, visit, "client.visit_begun")
    except visits.TicketRefused:
        return render(request, "storefront/visit_refused.html", status=404)
    visiting.begin(request, visit)
    return redirect("storefront:home")


@works_while_looking
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End the visit. Without one there is nothing to end."""
    visit: ClientVisit | None = getattr(request, "visit", None)
    if visit is not None:
        with transaction.atomic():
            _write(request, visit, "client.visit_ended")
            visiting.end(request)
        messages.success(request, _("Your visit is over. You can close this page."))
    return redirect("storefront:home")


@require_GET
@client_page(also_when_off=True)
def looked(request: HttpRequest) -> HttpResponse:
    """Who of the agency looked at the client's pages, when and why."""
    found = visits.of_client(request.client.pk, limit=LATEST)  # type: ignore[attr-defined]
    rows = [{"visit": each, "until": min(filter(None, (each.ended_at, each.ends_at)))} for each in found]
    return render(request, "storefront/who_looked.html", {"rows": rows})


def _write(request: HttpRequest, visit: ClientVisit, what: str) -> None:
    """Both names: who looked, and at whom."""
    client = Client.objects.get(pk=visit.client_id)
    who = trail.Who("member", str(visit.member_id), visit.member_email, came_from=came_from(request))
    trail.write(
        agency_id=agency_of(request).pk,
        who=who,
        what=what,
        subject=client.name,
        after={"client": client.email, "reason": visit.reason},
    )
