"""Entries are found by month, kind and direction, each once, as a plain filter over all of them would find them."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from billing import ledger, statements
from billing.models import ADDING, EITHER, TAKING, LedgerEntry
from billing.statements import Span, Sums
from clients.models import Client

pytestmark = pytest.mark.django_db
Kind = LedgerEntry.Kind
DAY = timedelta(days=1)


def book(client: Client, *amounts: int, kind: Kind = Kind.ALLOCATION) -> None:
    for amount in amounts:
        ledger.post(
            client_id=client.pk,
            amount=amount,
            kind=kind,
            source="agency",
            source_id=f"{kind}-{LedgerEntry.objects.count()}",
            fact={"amount": amount},
            livemode=True,
            actor={},
        )


def at(client_id: UUID, *days: int) -> datetime:
    """Let the entries have been booked on these days of the past, and say when the last day began."""
    start = timezone.now() - 100 * DAY
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE billing_ledgerentry DISABLE TRIGGER USER")
        for version, day in enumerate(days, 1):
            moment = start + day * DAY
            LedgerEntry.objects.filter(wallet_id=client_id, version=version).update(created_at=moment)
        cursor.execute("ALTER TABLE billing_ledgerentry ENABLE TRIGGER USER")
    return start


def test_a_span_is_what_was_booked_between_two_moments(ben: Client) -> None:
    book(ben, 100, 200, -50, 400)
    start = at(ben.pk, 1, 5, 5, 9)
    found = statements.span(ben.pk, from_at=start + 5 * DAY, until_at=start + 9 * DAY)
    assert found == Span(first=2, last=3, opening=100, closing=250)
    assert statements.sums(ben.pk, found) == Sums(added=200, taken=-50)


@pytest.mark.parametrize(("first", "last"), [(0, 1), (6, 8), (10, 50)])
def test_a_span_without_entries_keeps_the_balance(ben: Client, first: int, last: int) -> None:
    book(ben, 100, 200, -50, 400)
    start = at(ben.pk, 1, 5, 5, 9)
    found = statements.span(ben.pk, from_at=start + first * DAY, until_at=start + last * DAY)
    balance = {0: 0, 6: 250, 10: 650}[first]
    assert (found.opening, found.closing, found.last - found.first) == (balance, balance, -1)
    assert statements.sums(ben.pk, found) == Sums(0, 0)


def test_spans_that_touch_share_no_entry_and_lose_none(ben: Client) -> None:
    book(ben, *range(1, 41))
    start = at(ben.pk, *(number // 3 for number in range(40)))
    spans = [statements.span(ben.pk, from_at=start + day * DAY, until_at=start + (day + 1) * DAY) for day in range(15)]
    assert [version for span in spans for version in range(span.first, span.last + 1)] == list(range(1, 41))
    assert all(before.closing == after.opening for before, after in pairwise(spans))


def test_a_client_without_a_wallet_has_an_empty_span(ben: Client) -> None:
    now = timezone.now()
    assert statements.span(ben.pk, from_at=now - DAY, until_at=now) == Span(1, 0, 0, 0)


@pytest.fixture
def mixed(ben: Client) -> list[LedgerEntry]:
    """Three rounds of every kind in every direction that it can have."""
    for _round in range(3):
        for kind in Kind:
            book(ben, *[60] * (kind not in TAKING), *[-7] * (kind not in ADDING), kind=kind)
    return list(LedgerEntry.objects.filter(wallet_id=ben.pk).order_by("version"))


@pytest.mark.parametrize("kinds", [[kind] for kind in Kind] + [list(Kind), [Kind.USAGE, Kind.REVERSAL], []])
@pytest.mark.parametrize("ways", [(True, True), (True, False), (False, True)])
def test_a_choice_finds_what_a_plain_filter_finds(
    ben: Client, mixed: list[LedgerEntry], kinds: list[Kind], ways: tuple[bool, bool]
) -> None:
    adding, taking = ways
    wanted = [e for e in mixed if e.kind in kinds and ((adding and e.amount > 0) or (taking and e.amount < 0))]
    only = statements.moves(kinds, adding=adding, taking=taking)
    assert statements.read(ben.pk, only=only, oldest_first=True, limit=100) == wanted
    assert statements.read(ben.pk, only=only, limit=2) == wanted[::-1][:2]
    bounded = [entry for entry in wanted if 5 < entry.version < 30]
    assert statements.read(ben.pk, only=only, after=5, before=30, oldest_first=True, limit=100) == bounded


def test_kinds_have_directions_or_both() -> None:
    assert sorted([*ADDING, *TAKING, *EITHER]) == sorted(Kind)


def test_a_page_asks_for_no_more_lines_than_it_shows(ben: Client, django_assert_num_queries: Any) -> None:
    book(ben, 60, 60, 60)
    with django_assert_num_queries(1) as asked:
        statements.read(ben.pk, only=statements.moves(taking=False), limit=2)
    assert "COUNT" not in asked[0]["sql"].upper()
    assert asked[0]["sql"].count("LIMIT 2") == 1 + len([*ADDING, *EITHER])
