"""The database itself refuses whatever is no posting: to a superuser, to the admin and to a stale instance."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from agencies.models import Agency
from billing import ledger, wallets
from billing.models import LedgerEntry, Wallet
from clients.models import Client
from tenancy import door
from tests.support.booking import book, clients

ZERO = bytes(32)


@pytest.fixture
def wallet(ben: Client) -> Wallet:
    book(ben.pk, 1, 100)
    book(ben.pk, 2, -30)
    execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    return wallets.get(ben.pk)


def execute(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def refused(change: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError, match="ledger:"), transaction.atomic():
        change()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE billing_ledgerentry SET amount = 5 WHERE version = 1",
        "UPDATE billing_ledgerentry SET reason = 'nothing' WHERE version = 99",
        "DELETE FROM billing_ledgerentry WHERE version = 2",
        "TRUNCATE billing_ledgerentry",
        "DELETE FROM billing_wallet",
        "TRUNCATE billing_wallet CASCADE",
        "UPDATE billing_wallet SET balance = 1000000",
        "UPDATE billing_wallet SET version = version + 1",
        """UPDATE billing_wallet SET version = 1, balance = 100, last_entry_at = e.created_at, digest = e.digest
             FROM billing_ledgerentry e WHERE e.version = 1""",
        "UPDATE billing_wallet SET digest = decode(repeat('ff', 32), 'hex')",
        "UPDATE billing_wallet SET last_entry_at = now()",
        "UPDATE billing_wallet SET client_id = gen_random_uuid()",
        "INSERT INTO billing_wallet (client_id, balance) SELECT gen_random_uuid(), 60",
        "INSERT INTO billing_wallet (client_id, version) SELECT gen_random_uuid(), 3",
        """INSERT INTO billing_wallet (client_id) SELECT client_id FROM billing_wallet
             ON CONFLICT (client_id) DO UPDATE SET balance = 60""",
    ],
)
def test_trap_40_sql_that_is_no_posting_is_refused(wallet: Wallet, sql: str) -> None:
    refused(lambda: execute(sql))
    assert wallets.get(wallet.pk).balance == 70
    assert len(ledger.statement(wallet.pk)) == 2


def test_the_orm_cannot_change_or_delete_an_entry(wallet: Wallet) -> None:
    entry = ledger.entry(wallet.pk, 1)
    entry.amount = 1_000
    refused(entry.save)
    refused(entry.delete)
    refused(lambda: LedgerEntry.objects.all().delete())
    refused(lambda: LedgerEntry.objects.update(amount=7))


def test_the_orm_cannot_move_a_balance(wallet: Wallet) -> None:
    wallet.balance += 60
    refused(wallet.save)
    refused(lambda: Wallet.objects.update(balance=7))


def test_trap_38_a_stale_wallet_that_is_saved_does_not_undo_what_came_after_it(wallet: Wallet) -> None:
    book(wallet.pk, 3, -10)
    refused(wallet.save)
    assert wallets.get(wallet.pk).balance == 60


def test_a_client_with_a_wallet_stays(wallet: Wallet, ben: Client) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        ben.delete()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM clients_client")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def entry_after(wallet: Wallet, **fields: object) -> LedgerEntry:
    right: dict[str, object] = {
        "wallet_id": wallet.pk,
        "version": wallet.version + 1,
        "amount": 60,
        "balance_after": wallet.balance + 60,
        "kind": "allocation",
        "source": "agency",
        "source_id": "by hand",
        "fact_hash": ZERO,
        "livemode": False,
        "event_at": timezone.now(),
        "created_at": timezone.now(),
        "digest": ZERO,
    }
    return LedgerEntry(**right | fields)


@pytest.mark.parametrize(
    "wrong",
    [{"version": 4}, {"version": 0}, {"balance_after": 60}, {"created_at": timezone.now().replace(year=2020)}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_an_entry_that_does_not_continue_its_wallet_is_refused(wallet: Wallet, wrong: dict[str, object]) -> None:
    refused(lambda: entry_after(wallet, **wrong).save(force_insert=True))


def test_two_entries_at_once_have_to_follow_each_other(wallet: Wallet) -> None:
    first, second = entry_after(wallet), entry_after(wallet, version=4, balance_after=130, source_id="by hand too")
    refused(lambda: LedgerEntry.objects.bulk_create([first, second]))


def test_an_entry_without_a_wallet_is_refused(ben: Client) -> None:
    refused(lambda: entry_after(Wallet(client=ben)).save(force_insert=True))


def test_whatever_adds_an_entry_the_wallet_follows_it(wallet: Wallet) -> None:
    other = clients(1)[0]
    book(other.pk, "other")
    entry_after(wallet).save(force_insert=True)
    assert (wallets.get(wallet.pk).balance, wallets.get(wallet.pk).version) == (130, 3)
    assert wallets.get(other.pk).balance == 60


@pytest.mark.parametrize(("kind", "amount"), [("allocation", 0), ("gift", 60), ("purchase", -60), ("usage", 60)])
def test_an_amount_that_does_not_fit_its_kind_is_refused(wallet: Wallet, kind: str, amount: int) -> None:
    entry = entry_after(wallet, kind=kind, amount=amount, balance_after=wallet.balance + amount)
    with pytest.raises(IntegrityError, match="amount_fits_kind"), transaction.atomic():
        entry.save(force_insert=True)


def test_a_wallet_is_not_written_from_another_schema(wallet: Wallet, inside_acme: Agency) -> None:
    refuse = f"UPDATE {inside_acme.schema_name}.billing_wallet SET balance = 1"
    with door.leave(), pytest.raises(IntegrityError, match="without an entry"):
        execute(refuse)


def test_held_is_never_below_zero(wallet: Wallet) -> None:
    with pytest.raises(IntegrityError, match="wallet_held_is_not_negative"), transaction.atomic():
        Wallet.objects.update(held=-1)
