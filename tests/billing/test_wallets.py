from uuid import uuid4

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError

from billing import wallets
from billing.ledger import NoSuchClient
from billing.models import LedgerEntry, Wallet
from clients.models import Client
from tests.support.booking import book


def test_a_client_without_entries_has_an_empty_wallet_that_is_not_stored(ben: Client) -> None:
    wallet = wallets.get(ben.pk)
    assert (wallet.balance, wallet.held, wallet.available, wallet.version) == (0, 0, 0, 0)
    assert not Wallet.objects.exists()


def test_a_wallet_is_opened_once(ben: Client) -> None:
    assert wallets.open_wallet(ben.pk) == wallets.open_wallet(ben.pk)
    assert Wallet.objects.count() == 1


def test_a_wallet_is_not_opened_for_nobody(ben: Client) -> None:
    for function in (wallets.open_wallet, wallets.lock):
        with pytest.raises(NoSuchClient), transaction.atomic():
            function(uuid4())


def test_locking_makes_the_wallet_that_is_missing(ben: Client) -> None:
    with transaction.atomic():
        assert wallets.lock(ben.pk).balance == 0


def test_locking_needs_a_transaction(own_agency: object) -> None:
    with pytest.raises(TransactionManagementError):
        wallets.lock(uuid4())


def test_what_is_set_aside_is_not_available_and_moves_no_balance(ben: Client) -> None:
    book(ben.pk, 1, 100)
    assert wallets.set_aside(ben.pk, 30).available == 70
    assert (wallets.get(ben.pk).balance, wallets.get(ben.pk).held) == (100, 30)
    assert LedgerEntry.objects.count() == 1


def test_what_is_given_back_is_available_again(ben: Client) -> None:
    book(ben.pk, 1, 100)
    wallets.set_aside(ben.pk, 30)
    assert wallets.give_back(ben.pk, 20).held == 10
    assert wallets.get(ben.pk).available == 90


def test_no_more_is_set_aside_than_is_available(ben: Client) -> None:
    book(ben.pk, 1, 100)
    wallets.set_aside(ben.pk, 60)
    with pytest.raises(wallets.NotEnoughAvailable):
        wallets.set_aside(ben.pk, 41)
    assert wallets.set_aside(ben.pk, 40).available == 0


def test_nothing_is_set_aside_from_debt(ben: Client) -> None:
    book(ben.pk, 1, -100)
    with pytest.raises(wallets.NotEnoughAvailable):
        wallets.set_aside(ben.pk, 1)
    assert wallets.set_aside(ben.pk, 0).held == 0


def test_no_more_is_given_back_than_was_set_aside(ben: Client) -> None:
    book(ben.pk, 1, 100)
    wallets.set_aside(ben.pk, 30)
    with pytest.raises(wallets.MoreThanHeld):
        wallets.give_back(ben.pk, 31)
    assert wallets.get(ben.pk).held == 30


def test_what_is_held_stays_held_when_the_balance_falls(ben: Client) -> None:
    book(ben.pk, 1, 100)
    wallets.set_aside(ben.pk, 80)
    book(ben.pk, 2, -90)
    assert (wallets.get(ben.pk).held, wallets.get(ben.pk).available) == (80, -70)
    assert wallets.give_back(ben.pk, 80).available == 10


@pytest.mark.parametrize("seconds", [-1, 1.5, True])
def test_only_a_number_of_seconds_is_set_aside_or_given_back(ben: Client, seconds: int) -> None:
    for function in (wallets.set_aside, wallets.give_back):
        with pytest.raises(ValueError, match="not a number of seconds"):
            function(ben.pk, seconds)
