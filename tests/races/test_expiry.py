from threading import Barrier
from uuid import UUID

import pytest
from django.utils import timezone

from agencies.models import Agency
from billing import expiry, proof
from billing.models import LedgerEntry
from tenancy import door
from tests.support import credits
from tests.support.booking import Kind, book, clients, side_by_side


@pytest.mark.parametrize("debits", [1, 4])
def test_trap_55_no_second_is_both_used_and_expired(own_agency: Agency, debits: int) -> None:
    with door.enter(own_agency):
        bens = clients(12)
        for ben in bens:
            credits.ended(ben, 100)
    for ben in bens:
        start = Barrier(debits + 2)

        def work(number: int, client_id: UUID = ben.pk, start: Barrier = start) -> None:
            start.wait()
            if number < debits:
                book(client_id, f"{client_id}-{number}", -30, kind=Kind.USAGE)
            else:
                expiry.expire(client_id, timezone.now())

        side_by_side(own_agency, work, range(debits + 2), threads=debits + 2)
    with door.enter(own_agency):
        for ben in bens:
            expiries = LedgerEntry.objects.filter(wallet_id=ben.pk, kind=Kind.EXPIRY)
            # Exactly what the entry before it left, never more and never twice.
            assert [entry.balance_after for entry in expiries] in ([0], [])
            assert expiries.exists() or debits * 30 >= 100
        assert proof.verify().findings == []
