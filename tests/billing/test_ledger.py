import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from billing import ledger, movements, wallets
from billing.ledger import Outcome, Posting
from billing.models import ADDING, EITHER, TAKING, Conflict, LedgerEntry
from clients.models import Client
from tests.support.booking import ADA, Kind, book, clients, movement


def test_a_movement_is_booked_with_the_balance_after_it(ben: Client) -> None:
    assert book(ben.pk, 1, 100) == Posting(Outcome.POSTED, version=1, amount=100, balance_after=100)
    assert book(ben.pk, 2, -30) == Posting(Outcome.POSTED, version=2, amount=-30, balance_after=70)
    assert wallets.get(ben.pk).balance == 70


def test_a_movement_makes_the_wallet_it_needs(ben: Client) -> None:
    assert wallets.get(ben.pk).version == 0
    book(ben.pk, 1)
    assert wallets.get(ben.pk).version == 1


def test_everything_that_was_said_is_kept(ben: Client) -> None:
    at = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    book(ben.pk, "a-1", 60, livemode=True, reason="A gift – “für Ben”\n", event_at=at)
    entry = ledger.entry(ben.pk, 1)
    assert (entry.kind, entry.source, entry.source_id) == (Kind.ALLOCATION, "agency", "a-1")
    assert (entry.livemode, entry.reason, entry.event_at, entry.actor) == (True, "A gift – “für Ben”\n", at, ADA)
    assert entry.created_at > at


def test_an_event_without_a_time_of_its_own_happened_when_it_was_booked(ben: Client) -> None:
    book(ben.pk, 1)
    entry = ledger.entry(ben.pk, 1)
    assert entry.event_at == entry.created_at


def test_the_same_fact_again_is_the_stored_entry(ben: Client) -> None:
    first = book(ben.pk, 1, 100)
    book(ben.pk, 2, -30)
    assert book(ben.pk, 1, 100) == Posting(Outcome.REPLAYED, first.version, first.amount, first.balance_after)
    assert wallets.get(ben.pk).balance == 70


def test_a_replay_does_not_depend_on_what_was_derived_from_the_fact(ben: Client) -> None:
    fact = {"call": "c-1", "measured_seconds": 61}
    book(ben.pk, 1, -120, kind=Kind.USAGE, fact=fact)
    assert book(ben.pk, 1, -66, kind=Kind.USAGE, fact=fact).amount == -120


def test_trap_42_another_fact_under_the_key_books_nothing_and_alarms(
    ben: Client, caplog: pytest.LogCaptureFixture
) -> None:
    book(ben.pk, 1, 100)
    with caplog.at_level(logging.ERROR, "billing.ledger"):
        assert book(ben.pk, 1, 200) == Posting(Outcome.CONFLICT, version=1, amount=0, balance_after=100)
    assert "ledger conflict" in caplog.text
    assert Conflict.objects.get().amount == 200


def test_one_conflicting_fact_is_one_conflict_however_often_it_comes(ben: Client) -> None:
    book(ben.pk, 1, 100)
    for amount in (200, 200, 300):
        book(ben.pk, 1, amount)
    assert sorted(Conflict.objects.values_list("amount", flat=True)) == [200, 300]


def test_the_key_of_another_wallet_is_a_conflict(ben: Client) -> None:
    bea = clients(1)[0]
    book(ben.pk, 1)
    assert book(bea.pk, 1) == Posting(Outcome.CONFLICT, version=0, amount=0, balance_after=0)


def test_the_same_source_id_of_another_kind_is_another_key(ben: Client) -> None:
    book(ben.pk, 1, 60)
    assert book(ben.pk, 1, -60, kind=Kind.REFUND).outcome == Outcome.POSTED
    assert book(ben.pk, 1, -60, kind=Kind.REFUND, source="stripe").outcome == Outcome.POSTED


def test_trap_41_a_repeated_key_does_not_poison_the_callers_transaction(ben: Client) -> None:
    with transaction.atomic():
        book(ben.pk, 1)
        book(ben.pk, 1)
        book(ben.pk, 1, 61)
        assert book(ben.pk, 2).balance_after == 120


def test_usage_is_booked_below_zero(ben: Client) -> None:
    assert book(ben.pk, 1, -3_600, kind=Kind.USAGE).balance_after == -3_600


def test_a_posting_that_is_rolled_back_leaves_nothing(ben: Client) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        book(ben.pk, 1)
        raise ZeroDivisionError
    assert wallets.get(ben.pk).version == 0
    assert book(ben.pk, 1).outcome == Outcome.POSTED


def test_posting_is_one_statement(ben: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        book(ben.pk, 1)
    assert len(queries) == 1


@pytest.mark.parametrize("amount", [60.0, Decimal(60), True, "60", 0.1 + 0.2, None])
def test_trap_43_an_amount_that_is_not_an_integer_is_refused(ben: Client, amount: Any) -> None:
    with pytest.raises(ledger.AmountIsNotAWholeNumber):
        book(ben.pk, 1, amount, fact={})


@pytest.mark.parametrize("amount", [10**12 + 1, -(10**12) - 1, 10**30])
def test_an_absurd_amount_is_refused(ben: Client, amount: int) -> None:
    with pytest.raises(ledger.AmountOutOfBounds):
        book(ben.pk, 1, amount)


def test_the_largest_amount_is_exact(ben: Client) -> None:
    assert book(ben.pk, 1, 10**12).balance_after == 10**12


def test_an_amount_of_zero_is_refused(ben: Client) -> None:
    with pytest.raises(ledger.AmountIsZero):
        book(ben.pk, 1, 0)


@pytest.mark.parametrize(
    "text", [{"source": ""}, {"source": "x" * 21}, {"reason": "x" * 301}, {"reason": "a\0b"}, {"actor": {"id": "\0"}}]
)
def test_a_text_that_would_not_fit_is_refused_before_the_database_is_asked(ben: Client, text: dict[str, Any]) -> None:
    with pytest.raises(ledger.TextDoesNotFit):
        book(ben.pk, 1, **text)


@pytest.mark.parametrize("key", ["", "x" * 301, "a\0b"])
def test_a_source_id_that_would_not_fit_is_refused(ben: Client, key: str) -> None:
    with pytest.raises(ledger.TextDoesNotFit):
        book(ben.pk, key)


def test_a_time_without_a_zone_is_refused(ben: Client) -> None:
    with pytest.raises(ledger.TimeWithoutZone):
        book(ben.pk, 1, event_at=datetime(2026, 3, 1))


@pytest.mark.parametrize("value", [1.0, Decimal(1), ["a"], b"a", datetime(2026, 3, 1, tzinfo=UTC)])
def test_a_fact_that_cannot_be_compared_exactly_is_refused(ben: Client, value: Any) -> None:
    with pytest.raises(ledger.FactIsNotExact):
        book(ben.pk, 1, fact={"value": value})


def test_a_fact_is_the_same_in_every_order_and_differs_by_type() -> None:
    assert ledger.fact_hash({"a": 1, "b": None}) == ledger.fact_hash({"b": None, "a": 1})
    alike = [{"a": 1}, {"a": "1"}, {"a": True}, {"a": None}, {"a": "null"}, {"b": 1}, {}]
    assert len({ledger.fact_hash(fact) for fact in alike}) == len(alike)


def test_nobody_books_for_a_client_who_is_not_there(ben: Client) -> None:
    with pytest.raises(ledger.NoSuchClient), transaction.atomic():
        book(uuid4(), 1)
    with pytest.raises(ledger.NoSuchClient):
        ledger.post_batch([movement(ben.pk, 1), movement(uuid4(), 2)])
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_goes_its_way_alone(ben: Client, kind: Kind) -> None:
    for amount, allowed in ((60, kind not in TAKING), (-60, kind not in ADDING)):
        if allowed:
            assert book(ben.pk, amount, amount, kind=kind).outcome == Outcome.POSTED
        else:
            with pytest.raises(IntegrityError, match="amount_fits_kind"), transaction.atomic():
                book(ben.pk, amount, amount, kind=kind)


def test_every_kind_has_one_direction_or_both() -> None:
    assert sorted(ADDING + TAKING + EITHER) == sorted(kind.value for kind in Kind)


def test_times_of_a_wallet_never_run_backwards(ben: Client) -> None:
    for key in range(5):
        book(ben.pk, key)
    times = [entry.created_at for entry in reversed(ledger.statement(ben.pk))]
    assert times == sorted(times)
    assert wallets.get(ben.pk).last_entry_at == times[-1]


def test_a_clock_that_was_set_back_does_not_make_an_entry_older_than_its_predecessor(ben: Client) -> None:
    ahead = datetime.now(UTC) + timedelta(days=1)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE billing_wallet DISABLE TRIGGER USER")
        wallets.open_wallet(ben.pk)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("UPDATE billing_wallet SET last_entry_at = %s", [ahead])
        cursor.execute("ALTER TABLE billing_wallet ENABLE TRIGGER USER")
    book(ben.pk, 1)
    ledger.post_batch([movement(ben.pk, 2)])
    assert [entry.created_at for entry in ledger.statement(ben.pk)] == [ahead, ahead]


def test_the_function_makes_the_digest_that_python_makes(ben: Client) -> None:
    actor = {"kind": "member", "é": "“x”", "id": 'a"\\b\n\t\x7f', "aa": "☎", "b": ""}
    book(ben.pk, "a\nb|c", 60, reason="1\n2\n", actor=actor, livemode=True)
    entry = ledger.entry(ben.pk, 1)
    assert movements.digest(
        bytes(32),
        client_id=ben.pk,
        version=1,
        amount=60,
        balance_after=60,
        key=("allocation", "agency", "a\nb|c"),
        fact=ledger.fact_hash({"seconds": 60}),
        livemode=True,
        actor=movements.actor_text(actor),
        reason="1\n2\n",
        event_at=entry.event_at,
        created_at=entry.created_at,
    ) == bytes(entry.digest)
    assert bytes(wallets.get(ben.pk).digest) == bytes(entry.digest)


def test_a_statement_pages_from_the_newest_without_counting(ben: Client) -> None:
    for key in range(7):
        book(ben.pk, key)
    first = ledger.statement(ben.pk, limit=3)
    assert [entry.version for entry in first] == [7, 6, 5]
    with CaptureQueriesContext(connection) as queries:
        rest = ledger.statement(ben.pk, before_version=first[-1].version, limit=10)
    assert [entry.version for entry in rest] == [4, 3, 2, 1]
    assert [query["sql"].lower().count("count(") for query in queries] == [0]


def test_a_statement_can_show_some_kinds_only(ben: Client) -> None:
    book(ben.pk, 1, 600)
    book(ben.pk, 2, -30, kind=Kind.USAGE)
    assert [entry.amount for entry in ledger.statement(ben.pk, kinds=[Kind.USAGE])] == [-30]
    assert ledger.statement(ben.pk, kinds=[]) == []


def test_nobody_sees_the_entries_of_another_client(ben: Client) -> None:
    bea = clients(1)[0]
    book(bea.pk, 1)
    assert ledger.statement(ben.pk) == []
    with pytest.raises(LedgerEntry.DoesNotExist):
        ledger.entry(ben.pk, 1)
