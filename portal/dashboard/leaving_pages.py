"""Leaving: everything of the agency as one archive. For owners alone, also when the file is fetched."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from agencies.models import Agency
from leaving import exports
from portal import wording
from portal.dashboard.audited import audited, tell
from portal.dashboard.entrance import needs_no_schema
from portal.dashboard.gate import asks_again
from portal.dashboard.roles import actor_of, agency_of, owner_changes

# A mail or a restart may keep an archive waiting; longer than this, the page says so.
_LATE = timedelta(minutes=10)


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """What can be taken along, and how far it is."""
    return render(request, "dashboard/leaving.html", {**_shown(agency_of(request)), "nav": "leaving"})


@require_GET
def state(request: HttpRequest) -> HttpResponse:
    """How far the archive is, for a page that waits."""
    return render(request, "dashboard/_export.html", _shown(agency_of(request)))


@asks_again
@require_POST
@owner_changes
@audited("export.everything")
def export(request: HttpRequest) -> HttpResponse:
    """Have the archive made, or go on with the one that is being made."""
    exports.ask(agency_id=agency_of(request).pk, asked_by=actor_of(request).as_json())
    return redirect("dashboard:leaving", slug=agency_of(request).slug)


@asks_again
@require_POST
@owner_changes
@audited("export.fetched", tells=True)
def fetch(request: HttpRequest, export_id: UUID) -> HttpResponseBase:
    """The archive itself. By POST, so that whoever fetches it is asked who they are."""
    agency, now = agency_of(request), timezone.now()
    try:
        path = exports.file_of(agency_id=agency.pk, export_id=export_id, now=now)
    except exports.NotThere as error:
        raise Http404 from error
    tell(request, export=str(export_id), bytes=path.stat().st_size)
    response = FileResponse(path.open("rb"), as_attachment=True, filename=f"{agency.slug}-{now:%Y-%m-%d}.zip")
    response.headers["Cache-Control"] = "no-store"
    return needs_no_schema(response)


def _shown(agency: Agency) -> dict[str, Any]:
    latest, ready = exports.latest(agency.pk), exports.ready(agency.pk)
    is_busy = latest is not None and latest.ready_at is None
    return {
        "latest": latest,
        "ready": ready,
        "is_busy": is_busy,
        "is_late": is_busy and latest is not None and timezone.now() - latest.asked_at > _LATE,
        "ready_on": wording.moment(ready.ready_at) if ready and ready.ready_at else "",
        "ends_on": wording.moment(ready.ends_at) if ready and ready.ends_at else "",
    }
