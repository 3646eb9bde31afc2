"""Short ways to book in tests, and threads that each bring their own connection into an agency."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection

from agencies.models import Agency
from billing import ledger
from billing.models import LedgerEntry
from clients.models import Client
from tenancy import door

Kind = LedgerEntry.Kind
ADA = {"kind": "member", "id": "1", "email": "ada@acme.test"}
T = TypeVar("T")
# Locks are read as they are now; pg_stat_activity would show the same moment for the whole transaction.
_WAITING = """
SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (
  SELECT pid FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


def movement(client_id: UUID, key: object, amount: int = 60, **fields: Any) -> ledger.Movement:
    """An allocation under this key, whose fact is its amount."""
    given: dict[str, Any] = {
        "kind": Kind.ALLOCATION,
        "source": "agency",
        "fact": {"seconds": amount},
        "livemode": False,
        "actor": ADA,
    }
    return ledger.Movement(client_id=client_id, amount=amount, source_id=str(key), **given | fields)


def book(client_id: UUID, key: object, amount: int = 60, **fields: Any) -> ledger.Posting:
    """Post that movement on its own."""
    asked = movement(client_id, key, amount, **fields)
    return ledger.post(**{name: getattr(asked, name) for name in asked.__slots__})


def clients(number: int) -> list[Client]:
    """New clients of the agency that the connection is in, in the order of their ids."""
    made = [Client(name=f"Client {n}", email=f"client{n}@client.test") for n in range(number)]
    return Client.objects.bulk_create(sorted(made, key=lambda client: client.pk))


def tamper(*statements: str) -> None:
    """Run SQL that the database would refuse, as somebody could who may switch its triggers off."""
    with connection.cursor() as cursor:
        for table in ("billing_ledgerentry", "billing_wallet"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
        for table in ("billing_ledgerentry", "billing_wallet"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def side_by_side(agency: Agency, work: Callable[[Any], T], items: Iterable[Any], *, threads: int) -> list[T]:
    """Do the work for each item in threads of their own connections, all inside the agency; raise what they raise."""

    def enter_and_work(item: Any) -> T:
        try:
            with door.enter(agency):
                return work(item)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(enter_and_work, items))


def wait_until_somebody_waits() -> None:
    """Return as soon as one transaction waits for what another has locked. Fails after ten seconds."""
    give_up_at = time.monotonic() + 10
    while time.monotonic() < give_up_at:
        with connection.cursor() as cursor:
            cursor.execute(_WAITING)
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waited for the wallet")
