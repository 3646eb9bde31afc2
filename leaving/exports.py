"""Exports: asked for by an owner, made by a job a little at a time, kept for seven days, then deleted.

One of a kind at a time: a new one takes the place of the one before when it is whole, not sooner.
"""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from agencies.models import Agency
from follow_ups import agenda
from leaving import agency_settings, archive
from leaving.models import Export

KIND = "make_export"
DROP_KIND = "drop_export"
KEPT_FOR = timedelta(days=7)
# A job may take five minutes: well before, it hands the rest to the next.
_SECONDS_AT_ONCE = 60.0


class NotThere(LookupError):
    """There is no such archive to be had: it is not whole yet, its time is over, or it is another agency's."""


def ask(*, agency_id: int, asked_by: Mapping[str, Any], client_id: UUID | None = None) -> Export:
    """Have an archive made of the agency, or of one client. While one is being made, that one is taken up again."""
    with transaction.atomic():
        Agency.objects.select_for_update(no_key=True).get(pk=agency_id)
        waiting = Export.objects.filter(agency_id=agency_id, client_id=client_id, state=Export.State.WAITING)
        export = waiting.first()
        if export is None:
            export = Export.objects.create(agency_id=agency_id, client_id=client_id, asked_by=dict(asked_by))
        agenda.schedule(kind=KIND, subject=str(export.pk), agency_id=agency_id)
    return export


def latest(agency_id: int, client_id: UUID | None = None) -> Export | None:
    """The one that was asked for last."""
    return Export.objects.filter(agency_id=agency_id, client_id=client_id).order_by("-asked_at").first()


def ready(agency_id: int, client_id: UUID | None = None) -> Export | None:
    """The one that can be fetched. None also when its file is gone, so that the page offers another one."""
    found = Export.objects.filter(agency_id=agency_id, client_id=client_id, state=Export.State.READY)
    export = found.order_by("-asked_at").first()
    return export if export is not None and archive.path_of(export.pk).is_file() else None


def file_of(*, agency_id: int, export_id: UUID, now: datetime) -> Path:
    """Where the archive lies. Raises NotThere."""
    export = Export.objects.filter(pk=export_id, agency_id=agency_id, state=Export.State.READY).first()
    path = archive.path_of(export_id)
    if export is None or export.ends_at is None or export.ends_at <= now or not path.is_file():
        raise NotThere(f"export {export_id} of agency {agency_id}")
    return path


def make(*, export_id: UUID, now: datetime, seconds: float = _SECONDS_AT_ONCE) -> datetime | None:
    """Go on with an archive, for about so many seconds. When to go on, or None once it is whole. Inside the agency."""
    export = Export.objects.filter(pk=export_id, state=Export.State.WAITING).first()
    if export is None:
        return None
    if export.total is None:
        export.total = archive.count(export)
        export.save(update_fields=["total"])
    extras = {} if export.client_id else agency_settings.files(export.agency_id)
    if not archive.write_some(export, extras, until=time.monotonic() + seconds):
        return now
    _finish(export)
    return None


def drop(*, export_id: UUID, now: datetime) -> datetime | None:
    """Delete an archive whose time is over; before that, say when it will be."""
    export = Export.objects.filter(pk=export_id).first()
    if export is not None and export.state == Export.State.READY and export.ends_at and now < export.ends_at:
        return export.ends_at
    archive.remove(export_id)
    Export.objects.filter(pk=export_id).update(state=Export.State.GONE)
    return None


def _finish(export: Export) -> None:
    """It can be fetched from now on, and those before it go. One that was given up meanwhile goes itself."""
    now = timezone.now()
    with transaction.atomic():
        if Export.objects.select_for_update().get(pk=export.pk).state != Export.State.WAITING:
            transaction.on_commit(lambda: archive.remove(export.pk))
            return
        before = Export.objects.filter(agency_id=export.agency_id, client_id=export.client_id, state=Export.State.READY)
        for each in before:
            agenda.schedule(kind=DROP_KIND, subject=str(each.pk), agency_id=export.agency_id)
        before.update(ends_at=now)
        export.state, export.ready_at, export.ends_at = Export.State.READY, now, now + KEPT_FOR
        export.size_bytes = archive.path_of(export.pk).stat().st_size
        export.save(update_fields=["state", "ready_at", "ends_at", "size_bytes"])
        agenda.schedule(kind=DROP_KIND, subject=str(export.pk), due_at=export.ends_at, agency_id=export.agency_id)
