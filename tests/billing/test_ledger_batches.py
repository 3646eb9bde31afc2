from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from billing import ledger, proof, wallets
from billing.ledger import Outcome, Posting
from billing.models import Conflict, LedgerEntry
from clients.models import Client
from tests.support.booking import Kind, book, clients, movement


def test_a_batch_answers_in_the_order_it_was_asked(ben: Client) -> None:
    bea = clients(1)[0]
    postings = ledger.post_batch([movement(ben.pk, 1, 10), movement(bea.pk, 2, 20), movement(ben.pk, 3, 30)])
    assert postings == [
        Posting(Outcome.POSTED, 1, 10, 10),
        Posting(Outcome.POSTED, 1, 20, 20),
        Posting(Outcome.POSTED, 2, 30, 40),
    ]
    assert wallets.get(ben.pk).balance == 40


def test_a_batch_again_is_all_replays(ben: Client) -> None:
    batch = [movement(ben.pk, key) for key in range(3)]
    first = ledger.post_batch(batch)
    again = ledger.post_batch(batch)
    assert [posting.outcome for posting in again] == [Outcome.REPLAYED] * 3
    assert [posting.version for posting in again] == [posting.version for posting in first]
    assert wallets.get(ben.pk).balance == 180


def test_a_key_that_is_twice_in_a_batch_is_booked_once(ben: Client) -> None:
    postings = ledger.post_batch([movement(ben.pk, 1), movement(ben.pk, 1), movement(ben.pk, 1, 61)])
    assert postings == [
        Posting(Outcome.POSTED, 1, 60, 60),
        Posting(Outcome.REPLAYED, 1, 60, 60),
        Posting(Outcome.CONFLICT, 1, 0, 60),
    ]
    assert Conflict.objects.get().amount == 61


def test_a_conflict_does_not_stop_the_rest_of_a_batch(ben: Client) -> None:
    book(ben.pk, 1)
    postings = ledger.post_batch([movement(ben.pk, 1, 99), movement(ben.pk, 2)])
    assert [posting.outcome for posting in postings] == [Outcome.CONFLICT, Outcome.POSTED]


def test_keys_of_several_kinds_and_sources_are_told_apart(ben: Client) -> None:
    batch = [
        movement(ben.pk, 1),
        movement(ben.pk, 1, -60, kind=Kind.USAGE, source="hms"),
        movement(ben.pk, 1, -60, kind=Kind.REFUND, source="stripe"),
    ]
    assert [posting.outcome for posting in ledger.post_batch(batch)] == [Outcome.POSTED] * 3
    assert [posting.outcome for posting in ledger.post_batch(batch)] == [Outcome.REPLAYED] * 3


def test_one_bad_movement_books_none_of_its_batch(ben: Client) -> None:
    with pytest.raises(ledger.AmountIsZero):
        ledger.post_batch([movement(ben.pk, 1), movement(ben.pk, 2, 0)])
    with pytest.raises(IntegrityError, match="amount_fits_kind"):
        ledger.post_batch([movement(ben.pk, 1), movement(ben.pk, 2, 60, kind=Kind.USAGE)])
    assert not LedgerEntry.objects.exists()


def test_an_empty_batch_asks_nothing(ben: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert ledger.post_batch([]) == []
    assert len(queries) == 0


def test_a_batch_is_rolled_back_with_its_callers_transaction(ben: Client) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        ledger.post_batch([movement(ben.pk, 1)])
        raise ZeroDivisionError
    assert wallets.get(ben.pk).version == 0


def test_a_thousand_entries_need_no_more_statements_than_one(ben: Client) -> None:
    many = [client.pk for client in clients(50)]
    counts = []
    for size in (1, 1_000):
        batch = [movement(many[n % 50], uuid4()) for n in range(size)]
        with CaptureQueriesContext(connection) as queries:
            ledger.post_batch(batch)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_digests_of_a_batch_are_those_of_single_postings(ben: Client) -> None:
    book(ben.pk, 1, reason="a\nb")
    ledger.post_batch([movement(ben.pk, "zwei\n☎", 60, reason="“x”", actor={"é": 'a"\\', "kind": "x"})])
    book(ben.pk, 3)
    ledger.post_batch([movement(ben.pk, 4), movement(ben.pk, 5)])
    report = proof.verify()
    assert (report.entries, report.findings) == (5, [])
