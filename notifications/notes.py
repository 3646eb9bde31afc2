"""The one door for what the people of an agency are told: noted in the transaction of the fact, or by the job that
finds it, at most once for a subject and day.

Of a few kinds much may happen in a day. They are noted without a subject: the day has one row that counts, so that
nobody's list drowns, and the mails follow the row.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.utils import timezone

from follow_ups import agenda
from notifications.models import Kind, Notification
from tenancy import schemas
from tenancy.wire import connection

# The follow-up that has copies made of a notification; its subject is the notification's id.
KIND = "notification"
KEPT_FOR = timedelta(days=90)
# Of a gathered day so many clients are kept by id; the rest is counted.
NAMED = 10
Fact = str | int | bool | None

_NOTE = """
INSERT INTO public.notifications_notification AS n
       (id, agency_id, kind, subject, day, count, client_ids, facts, noted_at, last_at)
VALUES (%s::uuid, %s::bigint, %s::text, %s::text, %s::date, %s::integer, %s::jsonb, %s::jsonb, %s::timestamptz,
        %s::timestamptz)
ON CONFLICT (agency_id, kind, subject, day) DO UPDATE
   SET count = n.count + EXCLUDED.count, facts = EXCLUDED.facts, last_at = EXCLUDED.last_at,
       client_ids = CASE WHEN jsonb_array_length(n.client_ids) < %s::integer THEN n.client_ids || EXCLUDED.client_ids
                         ELSE n.client_ids END
 WHERE n.subject = ''
RETURNING id
"""


class OutsideTransaction(RuntimeError):
    """Something was to be noted outside the transaction of what it tells."""


def note(
    kind: Kind,
    *,
    subject: str = "",
    clients: Sequence[UUID] = (),
    facts: Mapping[str, Fact] | None = None,
    agency_id: int | None = None,
) -> None:
    """Tell the people of the agency. To be called in the transaction of the fact; the agency is the one whose schema
    the connection is in, unless it is named.

    A subject that was told of today is not told again. Without a subject each call adds to the day's row: one for each
    of the clients. Raises OutsideTransaction.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(f"{kind} belongs into the transaction of what it tells")
    agency_id = schemas.current_agency_id() if agency_id is None else agency_id
    now = timezone.now()
    named = json.dumps([str(client_id) for client_id in clients[:NAMED]])
    count = 1 if subject else max(len(clients), 1)
    said = json.dumps(dict(facts or {}))
    values = [uuid4(), agency_id, kind.value, subject, timezone.localdate(), count, named, said, now, now, NAMED]
    noted = connection.ask_prepared(_NOTE, values)
    if noted is not None:
        agenda.schedule(kind=KIND, subject=str(noted[0]), agency_id=agency_id)


def forget(now: datetime) -> int:
    """Delete what last happened longer ago than it is kept; returns how many."""
    _rows, by_table = Notification.objects.filter(last_at__lt=now - KEPT_FOR).delete()
    return by_table.get(Notification._meta.label, 0)
