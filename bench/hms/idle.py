"""How often HMS is asked for a client who has been quiet for a week: a day of the agenda, by a clock of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest import mock

import httpx
from django.utils import timezone

from agencies import control, minutes, quarantine
from agencies.models import Agency
from bench.figures import Figure
from bench.ground import Ground
from bench.hms import agencies
from follow_ups import agenda
from follow_ups.models import FollowUp
from organizations import hms
from organizations.models import Organization
from portal.jobs import registry
from stack import terminal
from tenancy import door
from vault import connections

CLIENTS = 20
DAY = timedelta(days=1)


def measure(ground: Ground) -> Figure:
    """Requests with the client's own key in a day, the most of any client. The agency's own key is not counted."""
    connected = agencies.connected(ground, "idles", clients=CLIENTS)
    begins_at = timezone.now()
    with door.enter(connected.agency):
        last = begins_at - timedelta(days=8)
        Organization.objects.update(active_at=last, calls_synced_until=begins_at, calls_swept_at=begins_at)
        for each in connected.organizations:
            agenda.schedule(kind="sync_calls", subject=str(each.pk))
        for kind in (control.KIND, quarantine.KIND, minutes.KIND):
            agenda.schedule(kind=kind)
    with _counted() as asked:
        # The first day has what a new agency begins with.
        _lives(connected.agency, begins_at, begins_at + DAY)
        asked.clear()
        _lives(connected.agency, begins_at + DAY, begins_at + 2 * DAY)
    asked.pop(f"Bearer {connections.hms_key(connected.agency.pk)}")
    terminal.say(f"  Requests in a day, for each of {len(asked)} idle clients: {sorted(asked.values())}")
    if len(asked) != CLIENTS:
        raise terminal.Trouble(f"only {len(asked)} of {CLIENTS} clients were looked after.")
    return Figure("hms", "requests to HMS for an idle client in a day", max(asked.values()), "requests", at_most=4.0)


@contextmanager
def _counted() -> Iterator[Counter[str]]:
    """How often HMS is asked, by the key."""
    asked: Counter[str] = Counter()

    def note(request: httpx.Request) -> None:
        asked[request.headers["Authorization"]] += 1

    with (
        httpx.Client(event_hooks={"request": [note]}) as line,
        mock.patch.object(hms, "_connections", return_value=line),
    ):
        yield asked


def _lives(agency: Agency, begins_at: datetime, ends_at: datetime) -> None:
    """Do whatever the agenda has for the agency, when it is due, as its dispatcher and its workers would."""
    now = begins_at
    with mock.patch("django.utils.timezone.now", side_effect=lambda: now):
        while True:
            due_at = FollowUp.objects.filter(agency=agency).order_by("due_at").values_list("due_at", flat=True).first()
            if due_at is None or due_at >= ends_at:
                return
            now = max(now, due_at)
            for row in agenda.claim():
                registry.look_after(
                    agency_id=row.agency_id, row=row.id, kind=row.kind, subject=row.subject, serial=row.serial
                )
