"""What was received is not kept for ever: payloads go after 90 days, and everything goes with the agency.

Of Stripe's events the row stays, since a repeated one is known by its id; of HMS's reports nothing does, since an old
signature is refused anyway. An event that is still to be applied keeps its payload, or it never could be.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection

from inbox.models import EventState, HmsEvent, StripeEvent

KEPT_FOR = timedelta(days=90)
# Rows at a time, so that no statement holds them for long.
_AT_ONCE = 2_000
_SETTLED = (EventState.APPLIED, EventState.IGNORED)
_EMPTY_NAMING = """
UPDATE public.inbox_stripeevent SET payload = ''
 WHERE agency_id = %s AND state = ANY(%s) AND payload <> ''
   AND EXISTS (SELECT 1 FROM unnest(%s::text[]) AS named(text)
                WHERE position(convert_to(named.text, 'UTF8') IN payload) > 0)
"""


def forget(now: datetime) -> tuple[int, int]:
    """Empty old payloads of Stripe and delete old reports of HMS; how many of each."""
    return _empty_payloads(now - KEPT_FOR), _delete_reports(now - KEPT_FOR)


def empty_naming(*, agency_id: int, texts: Sequence[str]) -> int:
    """Empty the agency's payloads of Stripe in which one of the texts stands, unless they are still to be applied."""
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY_NAMING, [agency_id, list(_SETTLED), list(texts)])
        return int(cursor.rowcount)


def _empty_payloads(before: datetime) -> int:
    old = StripeEvent.objects.filter(received_at__lt=before, state__in=_SETTLED).exclude(payload=b"")
    emptied = 0
    while chosen := list(old.values_list("pk", flat=True)[:_AT_ONCE]):
        emptied += StripeEvent.objects.filter(pk__in=chosen).update(payload=b"")
    return emptied


def _delete_reports(before: datetime) -> int:
    old = HmsEvent.objects.filter(received_at__lt=before)
    deleted = 0
    while chosen := list(old.values_list("pk", flat=True)[:_AT_ONCE]):
        deleted += HmsEvent.objects.filter(pk__in=chosen).delete()[0]
    return deleted
