"""Numbers of callers go when HMS lets them go: a call keeps its times, its seconds and an id that tells nothing.

For how long HMS keeps them is what was last set for the organization; where that was never set here, HMS does not tell,
and the shortest time that it knows is taken. Entries of the ledger hold no number. Calls booked before calls had hashes
keep HMS's id, since their entries do.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import F

from billing import wallets
from calls.models import Call
from organizations.models import Organization
from organizations.retention import METADATA_DAYS

KIND = "forget_calls"
EVERY: Final = timedelta(days=1)
# HMS's clock and ours.
_AHEAD: Final = timedelta(days=1)
_HOLDS = """
UPDATE calls_hold AS hold
   SET destination = '',
       hms_call_id = coalesce((SELECT coalesce(call.ledger_key, call.hms_id) FROM calls_call AS call
                                WHERE hold.hms_call_id IN (call.hms_id, call.ledger_key) LIMIT 1), '')
 WHERE hold.organization_id = %s AND hold.created_at < %s AND hold.released_at IS NOT NULL
   AND (hold.destination <> '' OR (hold.hms_call_id <> '' AND hold.hms_call_id NOT LIKE 'k1:%%'))
"""


def forget(now: datetime) -> int:
    """Let the numbers of old calls go, of every organization of the agency; of how many calls. Done daily."""
    return sum(_forget(organization, now) for organization in Organization.objects.order_by("pk").iterator())


def forget_all(organization: Organization, now: datetime) -> int:
    """Let the numbers of all calls of a client go that nobody is behind any more; of how many calls."""
    return _forget_until(organization, now + _AHEAD, since=None)


def cut(organization: Organization, now: datetime) -> datetime:
    """Calls that were placed before this have no number any more."""
    return now - timedelta(days=organization.metadata_days or min(METADATA_DAYS))


def hide(call: Call) -> None:
    """Take the number out of a call that is settled. The caller saves it."""
    call.customer_number = ""
    call.hms_id = call.ledger_key or call.hms_id


def hide_holds(*, organization: Organization, hidden: dict[str, str]) -> None:
    """Take the number out of the holds of these calls: their ids for good by HMS's. Inside the caller's transaction."""
    for hms_id, ledger_key in hidden.items():
        mine = organization.holds.filter(hms_call_id=hms_id, released_at__isnull=False)
        mine.update(hms_call_id=ledger_key, destination="")


def _forget(organization: Organization, now: datetime) -> int:
    until = cut(organization, now)
    since = organization.calls_forgotten_until
    if since is not None and since >= until:
        return 0
    return _forget_until(organization, until, since=since)


def _forget_until(organization: Organization, until: datetime, *, since: datetime | None) -> int:
    with transaction.atomic():
        # Booking reads and writes under the same lock: it cannot bring back what goes here.
        wallets.lock(organization.client_id)
        with connection.cursor() as cursor:
            cursor.execute(_HOLDS, [organization.pk, until])
        old = Call.objects.filter(organization=organization, placed_at__lt=until)
        if since is not None:
            old = old.filter(placed_at__gte=since)
        forgotten = old.update(customer_number="")
        old.filter(ledger_key__isnull=False).update(hms_id=F("ledger_key"))
        Organization.objects.filter(pk=organization.pk).update(calls_forgotten_until=until)
    return forgotten
