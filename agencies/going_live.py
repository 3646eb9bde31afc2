"""Going live: what test mode left on the wallets is removed, so that no test credit is ever used for a real call.

Afterwards the test entries of every wallet sum to nothing, by one entry each. The work is found in the entries
themselves: done twice it books nothing, and broken off it goes on.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from agencies import allocation
from agencies.models import Agency
from billing import ledger
from billing.models import LedgerEntry, Wallet
from follow_ups import agenda
from tenancy import door

KIND = "going_live"
SOURCE = "portal"
AT_A_TIME = 500
_BY_PORTAL = {"kind": "portal", "id": "", "email": ""}
_TEST_SUMS = """
SELECT wallet_id, sum(amount)::bigint FROM billing_ledgerentry
 WHERE NOT livemode AND wallet_id > %s GROUP BY wallet_id HAVING sum(amount) <> 0 ORDER BY wallet_id LIMIT %s
"""
_IN_ALL = """
SELECT count(*), coalesce(sum(seconds), 0)::bigint FROM (
  SELECT sum(amount) AS seconds FROM billing_ledgerentry WHERE NOT livemode GROUP BY wallet_id) AS sums
 WHERE seconds <> 0
"""
_SUMS_OF = """
SELECT wallet_id, sum(amount)::bigint FROM billing_ledgerentry
 WHERE NOT livemode AND wallet_id = ANY(%s) GROUP BY wallet_id HAVING sum(amount) <> 0
"""


@dataclass(frozen=True, slots=True)
class Preview:
    """What going live will remove: from how many clients, and how many seconds in all (below zero: what it gives)."""

    clients: int
    seconds: int


def preview(agency: Agency) -> Preview:
    """What going live now would remove."""
    with door.enter(agency), connection.cursor() as cursor:
        cursor.execute(_IN_ALL)
        clients, seconds = cursor.fetchone()
    return Preview(clients, seconds)


def schedule() -> None:
    """Have the test credits removed. To be called in the agency's schema, in the transaction that saves live keys."""
    agenda.schedule(kind=KIND)


def is_due() -> bool:
    """Whether the portal is live and test credits are left. To be called in the agency's schema."""
    return allocation.is_live() and bool(_left(after=UUID(int=0), limit=1))


def remove_test_credits() -> int:
    """Remove them from every wallet of the agency whose schema this is, some wallets at a time; how many it were.

    Does nothing while the portal is in test mode (again).
    """
    removed, last = 0, UUID(int=0)
    while allocation.is_live() and (clients := _left(after=last, limit=AT_A_TIME)):
        removed += _remove(clients)
        last = clients[-1]
    return removed


def _left(*, after: UUID, limit: int) -> list[UUID]:
    """Clients whose test entries do not sum to nothing, in the order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute(_TEST_SUMS, [after, limit])
        return [row[0] for row in cursor.fetchall()]


def _remove(clients: list[UUID]) -> int:
    """One entry for each, whose sum is read once nobody else can move the wallet."""
    with transaction.atomic():
        locked = Wallet.objects.select_for_update(no_key=True).filter(pk__in=clients).order_by("pk")
        versions = {wallet.pk: wallet.version for wallet in locked}
        with connection.cursor() as cursor:
            cursor.execute(_SUMS_OF, [clients])
            sums = cursor.fetchall()
        ledger.post_batch([_movement(client_id, seconds, versions[client_id]) for client_id, seconds in sums])
    return len(sums)


def _movement(client_id: UUID, seconds: int, version: int) -> ledger.Movement:
    return ledger.Movement(
        client_id=client_id,
        amount=-seconds,
        kind=LedgerEntry.Kind.TEST_REVERSAL,
        source=SOURCE,
        source_id=f"{client_id}#{version}",
        fact={"client": str(client_id), "after": version},
        livemode=False,
        actor=_BY_PORTAL,
    )
