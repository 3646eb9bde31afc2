"""What the pages of archives have in common: how far one is, and the file itself."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from agencies.models import Agency
from leaving import exports
from portal import wording
from portal.dashboard.audited import tell
from portal.dashboard.entrance import needs_no_schema
from portal.dashboard.roles import agency_of

# A restart or a full disk may keep an archive waiting; longer than this, the page says so.
_LATE = timedelta(minutes=10)


def shown(agency: Agency, client_id: UUID | None = None) -> dict[str, Any]:
    """How far the archive of the agency or of one client is, and where the page's buttons lead."""
    latest, ready = exports.latest(agency.pk, client_id), exports.ready(agency.pk, client_id)
    is_busy = latest is not None and latest.ready_at is None and latest.state == latest.State.WAITING
    prefix, whose = ("client_leaving", [agency.slug, client_id]) if client_id else ("leaving", [agency.slug])
    return {
        "latest": latest,
        "ready": ready,
        "is_busy": is_busy,
        "is_late": is_busy and latest is not None and timezone.now() - latest.asked_at > _LATE,
        "ready_on": wording.moment(ready.ready_at) if ready and ready.ready_at else "",
        "ends_on": wording.moment(ready.ends_at) if ready and ready.ends_at else "",
        "of_client": client_id is not None,
        "state_url": reverse(f"dashboard:{prefix}_state", args=whose),
        "export_url": reverse(f"dashboard:{prefix}_export", args=whose),
        "fetch_url": reverse(f"dashboard:{prefix}_fetch", args=[*whose, ready.pk]) if ready else "",
    }


def archive(request: HttpRequest, export_id: UUID, *, name: str) -> HttpResponseBase:
    """The file, to be saved under this name and today's date. Raises Http404."""
    now = timezone.now()
    try:
        path = exports.file_of(agency_id=agency_of(request).pk, export_id=export_id, now=now)
    except exports.NotThere as error:
        raise Http404 from error
    tell(request, export=str(export_id), bytes=path.stat().st_size)
    response = FileResponse(path.open("rb"), as_attachment=True, filename=f"{name}-{now:%Y-%m-%d}.zip")
    response.headers["Cache-Control"] = "no-store"
    return needs_no_schema(response)
