from collections.abc import Callable
from datetime import datetime
from threading import Barrier, Event
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone

from agencies.models import Agency
from billing import expiry, lots, proof, wallets
from billing.models import LedgerEntry
from tenancy import door
from tests.support import credits
from tests.support.booking import Kind, book, clients, side_by_side, wait_until_somebody_waits


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


def while_another_has_the_wallet(
    agency: Agency, client_id: UUID, change: Callable[[], object], late: Callable[[], object]
) -> object:
    """What `late` returns, which came while the transaction that makes the change was still open."""
    is_locked = Event()

    def work(comes_first: bool) -> object:
        if comes_first:
            with transaction.atomic():
                wallets.lock(client_id)
                change()
                is_locked.set()
                wait_until_somebody_waits()
            return None
        is_locked.wait()
        return late()

    return side_by_side(agency, work, [True, False], threads=2)[1]


def test_trap_55_what_a_call_is_just_setting_aside_is_not_expired_under_it(own_agency: Agency) -> None:
    with door.enter(own_agency):
        (ben,) = clients(1)
        ended_at = credits.ended(ben, 100, days_ago=0).paid_at
    now = timezone.now()
    assert ended_at is not None

    again_at = while_another_has_the_wallet(
        own_agency, ben.pk, lambda: wallets.set_aside(ben.pk, 60), lambda: expiry.expire(ben.pk, now)
    )

    assert isinstance(again_at, datetime)
    assert again_at > now
    with door.enter(own_agency):
        assert not LedgerEntry.objects.filter(kind=Kind.EXPIRY).exists()


def test_trap_55_lots_are_laid_out_from_a_ledger_that_stands_still(own_agency: Agency) -> None:
    with door.enter(own_agency):
        (ben,) = clients(1)
        credits.bought(ben, 100)

    laid_out = while_another_has_the_wallet(
        own_agency, ben.pk, lambda: credits.bought(ben, 50), lambda: lots.lay_out(ben.pk)
    )

    assert isinstance(laid_out, list)
    assert [lot.amount for lot in laid_out] == [100, 50]
    with door.enter(own_agency):
        assert proof.verify().findings == []
