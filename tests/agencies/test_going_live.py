"""Going live removes what test mode left, wallet by wallet, once, and goes on where it was broken off."""

from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.db.models import Sum

from agencies import due_work, going_live
from agencies.going_live import Preview
from agencies.models import Agency
from billing import lots, proof
from billing.models import LedgerEntry, Wallet
from follow_ups.models import FollowUp
from portal.jobs import KINDS
from tenancy import door
from tests.support.booking import Kind, book, clients
from vault.models import StripeConnection


@pytest.fixture
def three(inside_acme: Agency) -> list[UUID]:
    """Clients with test sums of 400, 0 and -50, and real credits of 1000 each; the portal is live."""
    StripeConnection.objects.create(agency=inside_acme, livemode=True)
    ids = [client.pk for client in clients(3)]
    for client_id in ids:
        book(client_id, f"{client_id} real", 1_000, livemode=True)
    book(ids[0], "a", 600)
    book(ids[0], "b", -200, kind=Kind.USAGE)
    book(ids[1], "c", 60)
    book(ids[1], "d", -60, kind=Kind.USAGE)
    book(ids[2], "e", -50, kind=Kind.USAGE)
    return ids


def balances(ids: list[UUID]) -> list[int]:
    found = dict(Wallet.objects.values_list("pk", "balance"))
    assert proof.verify().findings == []
    return [found[client_id] for client_id in ids]


def test_what_will_be_removed_is_said_before(three: list[UUID], inside_acme: Agency) -> None:
    assert going_live.preview(inside_acme) == Preview(clients=2, seconds=350)
    going_live.remove_test_credits()
    assert going_live.preview(inside_acme) == Preview(clients=0, seconds=0)


def test_test_entries_sum_to_nothing_afterwards_either_way(three: list[UUID]) -> None:
    assert balances(three) == [1_400, 1_000, 950]
    assert going_live.remove_test_credits() == 2
    assert balances(three) == [1_000, 1_000, 1_000]
    sums = LedgerEntry.objects.filter(livemode=False).values("wallet_id").annotate(left=Sum("amount"))
    assert {row["left"] for row in sums} == {0}
    entry = LedgerEntry.objects.get(kind=Kind.TEST_REVERSAL, wallet_id=three[0])
    assert (entry.amount, entry.source, entry.source_id) == (-400, "portal", f"{three[0]}#3")


def test_what_is_left_of_the_lots_is_real(three: list[UUID]) -> None:
    for client_id in three:
        lots.lay_out(client_id)
    going_live.remove_test_credits()
    for client_id in three:
        left = [lot for lot in lots.lay_out(client_id) if lot.remaining]
        assert sum(lot.remaining for lot in left) == 1_000
        # Where test entries summed to nothing before, nothing had to be booked.
        assert {lot.livemode for lot in left} == ({True, False} if client_id == three[1] else {True})
    assert proof.verify().findings == []


def test_doing_it_twice_books_once(three: list[UUID]) -> None:
    going_live.schedule()
    for _twice in range(2):
        KINDS[going_live.KIND]("")
    assert LedgerEntry.objects.filter(kind=Kind.TEST_REVERSAL).count() == 2


def test_test_credits_of_a_second_time_in_test_mode_are_removed_as_well(three: list[UUID]) -> None:
    going_live.remove_test_credits()
    book(three[0], "again", 30)
    assert going_live.remove_test_credits() == 1
    assert balances(three) == [1_000, 1_000, 1_000]


def test_work_that_is_broken_off_goes_on(three: list[UUID], monkeypatch: Any) -> None:
    monkeypatch.setattr(going_live, "AT_A_TIME", 1)
    remove, done = going_live._remove, []

    def remove_one_and_die(ids: list[UUID]) -> int:
        if done:
            raise ZeroDivisionError
        done.append(ids)
        return remove(ids)

    monkeypatch.setattr(going_live, "_remove", remove_one_and_die)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        going_live.remove_test_credits()
    monkeypatch.setattr(going_live, "_remove", remove)
    going_live.remove_test_credits()
    assert balances(three) == [1_000, 1_000, 1_000]


def test_many_wallets_are_done_some_at_a_time(three: list[UUID], monkeypatch: Any) -> None:
    monkeypatch.setattr(going_live, "AT_A_TIME", 1)
    assert going_live.remove_test_credits() == 2
    assert balances(three) == [1_000, 1_000, 1_000]


def test_a_portal_that_is_in_test_mode_keeps_its_test_credits(three: list[UUID]) -> None:
    StripeConnection.objects.update(livemode=False)
    assert going_live.remove_test_credits() == 0
    assert balances(three) == [1_400, 1_000, 950]


def test_a_lost_follow_up_is_found_again(three: list[UUID], inside_acme: Agency) -> None:
    with door.leave():
        due_work.rebuild(inside_acme)
    assert FollowUp.objects.filter(kind="going_live").exists()
    going_live.remove_test_credits()
    assert not going_live.is_due()
