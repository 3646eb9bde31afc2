import random
from threading import Barrier, Event
from uuid import UUID

import pytest
from django.db import OperationalError, connection, transaction

from agencies.models import Agency
from billing import ledger, proof, wallets
from billing.ledger import Outcome
from billing.models import Conflict, LedgerEntry, Wallet
from tenancy import door
from tests.support.booking import book, clients, movement, side_by_side, wait_until_somebody_waits

pytestmark = pytest.mark.usefixtures("own_agency")


def entries() -> list[tuple[int, int]]:
    return list(LedgerEntry.objects.order_by("version").values_list("version", "balance_after"))


def wallet_id(agency: Agency) -> UUID:
    with door.enter(agency):
        return clients(1)[0].pk


def test_forty_threads_with_ten_keys_book_ten_entries(own_agency: Agency) -> None:
    client_id, start = wallet_id(own_agency), Barrier(40)

    def post_all_keys(seed: int) -> list[Outcome]:
        start.wait()
        keys = random.Random(seed).sample(range(10), 10)
        return [book(client_id, key, 60 + key).outcome for key in keys]

    answers = side_by_side(own_agency, post_all_keys, range(40), threads=40)
    with door.enter(own_agency):
        assert [version for version, _ in entries()] == list(range(1, 11))
        assert wallets.get(client_id).balance == entries()[-1][1] == sum(range(60, 70))
        assert [answer for given in answers for answer in given].count(Outcome.POSTED) == 10
        assert proof.verify().findings == []


def test_another_amount_under_one_of_the_keys_is_one_conflict_and_no_entry(own_agency: Agency) -> None:
    client_id, start = wallet_id(own_agency), Barrier(40)
    with door.enter(own_agency):
        for key in range(10):
            book(client_id, key)

    def post_another(number: int) -> Outcome:
        start.wait()
        return book(client_id, 3, 61).outcome if number % 2 else book(client_id, number % 10).outcome

    answers = side_by_side(own_agency, post_another, range(40), threads=40)
    with door.enter(own_agency):
        assert answers.count(Outcome.CONFLICT) == 20
        assert Conflict.objects.count() == 1
        assert len(entries()) == 10
        assert wallets.get(client_id).balance == 600


def test_trap_36_two_debits_that_race_each_see_the_balance_the_other_left(own_agency: Agency) -> None:
    client_id = wallet_id(own_agency)
    side_by_side(own_agency, lambda n: book(client_id, n, -1), range(60), threads=12)
    with door.enter(own_agency):
        assert entries() == [(number, -number) for number in range(1, 61)]


def test_one_key_on_two_wallets_at_once_is_booked_on_one(own_agency: Agency) -> None:
    with door.enter(own_agency):
        pair = [client.pk for client in clients(2)]
    for key in range(20):
        start = Barrier(2)

        def post(client_id: UUID, key: int = key, start: Barrier = start) -> Outcome:
            start.wait()
            batch = [movement(client_id, key)]
            return ledger.post_batch(batch)[0].outcome if key % 2 else book(client_id, key).outcome

        assert sorted(side_by_side(own_agency, post, pair, threads=2)) == [Outcome.CONFLICT, Outcome.POSTED]
    with door.enter(own_agency):
        assert LedgerEntry.objects.count() == Conflict.objects.count() == 20
        assert proof.verify().findings == []


def test_trap_39_batches_in_opposite_orders_do_not_deadlock(own_agency: Agency) -> None:
    with door.enter(own_agency):
        ids = [client.pk for client in clients(12)]

    def post(number: int) -> None:
        order = ids if number % 2 else ids[::-1]
        ledger.post_batch([movement(client_id, f"{number}-{client_id}") for client_id in order])

    side_by_side(own_agency, post, range(60), threads=8)
    with door.enter(own_agency):
        assert set(Wallet.objects.values_list("version", "balance")) == {(60, 3_600)}
        assert proof.verify().findings == []


def test_single_postings_and_batches_share_one_chain(own_agency: Agency) -> None:
    with door.enter(own_agency):
        ids = [client.pk for client in clients(3)]

    def post(number: int) -> None:
        if number % 3:
            book(ids[number % 2], number)
        else:
            ledger.post_batch([movement(client_id, f"{number}-{client_id}") for client_id in ids])

    side_by_side(own_agency, post, range(60), threads=8)
    with door.enter(own_agency):
        assert LedgerEntry.objects.count() == 40 + 20 * 3
        assert proof.verify().findings == []


def test_a_backend_that_is_killed_before_the_commit_leaves_nothing(own_agency: Agency) -> None:
    client_id = wallet_id(own_agency)

    def post_and_be_killed(_: int) -> None:
        with pytest.raises(OperationalError), transaction.atomic():
            book(client_id, "lost")
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    side_by_side(own_agency, post_and_be_killed, [0], threads=1)
    with door.enter(own_agency):
        assert not LedgerEntry.objects.exists()
        assert not Wallet.objects.exists()
        assert book(client_id, "lost").version == 1


def test_trap_37_a_posting_waits_for_the_wallet_and_then_uses_what_it_finds(own_agency: Agency) -> None:
    client_id, locked = wallet_id(own_agency), Event()
    with door.enter(own_agency):
        wallets.open_wallet(client_id)

    def work(role: str) -> int:
        if role == "holds the lock":
            with transaction.atomic():
                assert wallets.lock(client_id).balance == 0
                locked.set()
                wait_until_somebody_waits()
                return book(client_id, role, 100).balance_after
        assert locked.wait(10)
        return book(client_id, role, -30).balance_after

    assert side_by_side(own_agency, work, ["holds the lock", "waits"], threads=2) == [100, 70]


def test_holds_taken_at_once_never_exceed_what_is_available(own_agency: Agency) -> None:
    client_id = wallet_id(own_agency)
    with door.enter(own_agency):
        book(client_id, "bought", 100)

    def take(_: int) -> bool:
        try:
            wallets.set_aside(client_id, 30)
        except wallets.NotEnoughAvailable:
            return False
        return True

    assert side_by_side(own_agency, take, range(12), threads=12).count(True) == 3
    with door.enter(own_agency):
        assert wallets.get(client_id).held == 90
