"""The agenda: what is to be looked after, by when, and by whom it is being done.

A row is written in the transaction that makes the work necessary, so no crash can separate the two. Work is done at
least once: whatever it does must bear being done twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Least
from django.utils import timezone

from follow_ups import bell
from follow_ups.models import FollowUp
from tenancy import schemas
from tenancy.wire import connection

# To reach a worker. Redis may lose what was handed out; then it is handed out again.
HANDED_OUT = timedelta(seconds=60)
_LONGEST_HANDED_OUT = 10
# Longer than a job may take: whoever is still at it has not lost the work to somebody else.
LEASE = timedelta(minutes=6)
_FIRST_PAUSE = timedelta(seconds=2)
_LONGEST_PAUSE = timedelta(hours=1)

# Asks for every row of a query that gives agency_id, kind, subject and due_at.
_UPSERT = """
INSERT INTO public.follow_ups_followup AS f (agency_id, kind, subject, due_at, serial, attempts, is_begun, error)
SELECT asked.*, 1, 0, false, '' FROM ({asked}) AS asked
ON CONFLICT (agency_id, kind, subject) DO UPDATE
   SET due_at = LEAST(f.due_at, EXCLUDED.due_at), serial = f.serial + 1,
       claimed_until = CASE WHEN EXCLUDED.due_at < f.due_at THEN NULL ELSE f.claimed_until END
"""
_SCHEDULE = _UPSERT.format(asked="SELECT %s::bigint, %s::text, %s::text, %s::timestamptz")
_TAKE_UP = """
UPDATE public.follow_ups_followup SET claimed_until = %s::timestamptz, is_begun = true
 WHERE id = %s::bigint AND NOT is_begun AND (claimed_until IS NOT NULL OR due_at <= %s::timestamptz) RETURNING serial
"""
_DONE = "DELETE FROM public.follow_ups_followup WHERE id = %s::bigint AND serial = %s::integer RETURNING 1"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that a dispatcher took, with the serial it had then."""

    id: int
    agency_id: int
    kind: str
    subject: str
    serial: int


def schedule(*, kind: str, subject: str = "", due_at: datetime | None = None, agency_id: int | None = None) -> None:
    """Ask for work of this kind on this subject, now or at `due_at`. Asking again keeps the earlier time.

    The agency is the one whose schema the connection is in, unless it is named.
    """
    now = timezone.now()
    agency_id = schemas.current_agency_id() if agency_id is None else agency_id
    connection.ask_prepared(_SCHEDULE, [agency_id, kind, subject, due_at or now])
    if due_at is None or due_at <= now:
        transaction.on_commit(bell.ring)


def schedule_within(
    statement: str, values: Sequence[Any], *, asked: str, is_due: bool = True
) -> tuple[Any, ...] | None:
    """Run a statement that makes work necessary and, as part of it, ask for the work: one round trip for both.

    The server keeps it parsed: its values have casts. `asked` is a query over the statement's RETURNING, which it calls
    `made`, for agency_id, kind, subject and due_at. Nobody is woken for what is not `is_due` yet.
    What the statement returned first; None when it made nothing, and then nothing is asked for.
    """
    both = f"WITH made AS ({statement}), asked AS ({_UPSERT.format(asked=asked)}) SELECT * FROM made"  # noqa: S608 - ours
    made: tuple[Any, ...] | None = connection.ask_prepared(both, values)
    if made is not None and is_due:
        transaction.on_commit(bell.ring)
    return made


def claim(*, limit: int = 100, now: datetime | None = None) -> list[Claimed]:
    """Take what is due and nobody is doing, for as long as it may need to reach a worker.

    That is longer each time that the work was taken and not heard of again: what kills its workers comes slowly.
    """
    now = now or timezone.now()
    with transaction.atomic():
        due = (
            FollowUp.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(Q(claimed_until=None) | Q(claimed_until__lte=now), due_at__lte=now)
            .order_by("due_at")[:limit]
        )
        rows = list(due)
        FollowUp.objects.filter(pk__in=[row.pk for row in rows]).update(
            claimed_until=Value(now) + Value(HANDED_OUT) * Least(F("attempts") + 1, _LONGEST_HANDED_OUT),
            attempts=F("attempts") + 1,
            is_begun=False,
        )
    return [Claimed(row.pk, row.agency_id, row.kind, row.subject, row.serial) for row in rows]


def hand_back(claimed: Sequence[Claimed]) -> None:
    """Let others take what was claimed and never reached a worker."""
    FollowUp.objects.filter(pk__in=[row.id for row in claimed]).update(claimed_until=None, attempts=F("attempts") - 1)


def take_up(claimed: Claimed) -> Claimed | None:
    """Begin the work that was handed out, with what was asked for since; its lease covers the time from now on.

    None when it was done meanwhile, or somebody is at it: a queue may hand the same work out late, and twice.
    """
    now = timezone.now()
    row = connection.ask_prepared(_TAKE_UP, [now + LEASE, claimed.id, now])
    return replace(claimed, serial=row[0]) if row else None


def finish(claimed: Claimed, *, again_at: datetime | None = None) -> None:
    """The work is done. The row goes, stays for `again_at`, or becomes due at once if somebody asked meanwhile."""
    mine = FollowUp.objects.filter(pk=claimed.id, serial=claimed.serial)
    if again_at is not None:
        done = mine.update(due_at=again_at, claimed_until=None, is_begun=False, attempts=0, error="") == 1
    else:
        done = connection.ask_prepared(_DONE, [claimed.id, claimed.serial]) is not None
    again = {"claimed_until": None, "is_begun": False, "attempts": 0, "error": ""}
    if not done and FollowUp.objects.filter(pk=claimed.id).update(**again):
        bell.ring()


def postpone(claimed: Claimed, *, error: str) -> None:
    """The work failed. It is due again after a pause that doubles with each try, up to an hour."""
    with transaction.atomic():
        row = FollowUp.objects.select_for_update(no_key=True).filter(pk=claimed.id).first()
        if row is not None:
            pause = min(_FIRST_PAUSE * 2 ** min(row.attempts, 12), _LONGEST_PAUSE)
            row.due_at, row.claimed_until, row.is_begun = timezone.now() + pause, None, False
            row.error = error[:500]
            row.save(update_fields=["due_at", "claimed_until", "is_begun", "error"])
