"""Traps of ledgers that no other test shows: exact sums, the primary alone, nobody asked over the network within.

Traps 36, 37, 39 and 55 are in tests/races, 38 and 40 to 42 beside this file, 44 with allocations.
"""

import socket
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies import allocation, arrivals, going_live, welcome
from agencies.models import Agency
from billing import credits, expiry, ledger, stripe_gateway, wallets
from calls import holds, rating
from clients.models import Client
from organizations.models import Organization
from people.models import User
from tenancy.network import InsideTransaction
from tests.support.booking import ADA, Kind, book, movement
from tests.support.credits import ended


def test_trap_43_a_tenth_and_two_tenths_of_a_credit_are_three_tenths(ben: Client) -> None:
    for number, typed in enumerate(("0.1", "0,2", "-0.3"), 1):
        seconds = credits.parse(typed)
        assert type(seconds) is int
        book(ben.pk, number, seconds)
    assert wallets.get(ben.pk).balance == 0


@pytest.mark.parametrize(("measured", "billed"), [(61, 120), (60, 60), (0, 0), (10**12, 60 * -(-(10**12) // 60))])
def test_trap_43_minutes_are_rounded_in_whole_numbers_however_long(measured: int, billed: int) -> None:
    assert rating.billed_seconds(measured, rounding=60) == billed


def test_trap_43_a_negative_duration_is_refused_and_no_time_books_nothing(ben: Client) -> None:
    with pytest.raises(ValueError):
        rating.billed_seconds(-1, rounding=60)
    with pytest.raises(ledger.AmountIsZero):
        book(ben.pk, 1, -rating.billed_seconds(0, rounding=60), kind=Kind.USAGE)


def test_trap_45_what_may_be_used_is_read_where_it_is_written_under_the_lock(ben: Client) -> None:
    assert list(settings.DATABASES) == ["default"]
    book(ben.pk, 1, 600)
    organization = Organization.objects.create(client=ben)
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        holds.take(organization=organization, now=timezone.now())
    reads = [query["sql"] for query in queries if '"billing_wallet"' in query["sql"] and "SELECT" in query["sql"]]
    assert reads
    assert all("FOR NO KEY UPDATE" in sql for sql in reads)


def _greet(client: Client) -> None:
    welcome.set_credits(Agency.objects.get(slug="acme").pk, 10)
    arrivals.arrive(user=User.objects.create_user("new@client.test"), name="New")


def _allocate(client: Client) -> None:
    given = allocation.allocate(client_id=client.pk, seconds=60, description="x", form_token=uuid4(), actor=ADA)
    allocation.undo(client_id=client.pk, version=given.version, reason="", actor=ADA)


def _expire(client: Client) -> None:
    ended(client, 60)
    expiry.expire(client.pk, timezone.now())


def _go_live(client: Client) -> None:
    book(client.pk, 1)
    going_live.schedule()
    assert going_live.remove_test_credits() == 1


@pytest.mark.parametrize(
    "work",
    [
        lambda client: book(client.pk, 1),
        lambda client: ledger.post_batch([movement(client.pk, 1)]),
        _greet,
        _allocate,
        _expire,
        _go_live,
    ],
    ids=["post", "post_batch", "greet", "allocate and undo", "expire", "go live"],
)
def test_trap_46_nobody_is_asked_while_a_wallet_is_held(
    ben: Client, monkeypatch: pytest.MonkeyPatch, work: Callable[[Client], object]
) -> None:
    """PostgreSQL's own library opens no socket of Python's, so each that is opened goes elsewhere."""

    def refuse(*_address: Any) -> None:
        raise AssertionError("somebody was asked over the network inside the transaction")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with transaction.atomic():
        work(ben)


def test_trap_46_stripe_is_not_asked_in_a_transaction_that_posts(own_agency: Agency) -> None:
    with pytest.raises(InsideTransaction), transaction.atomic():
        stripe_gateway.fetch_session(secret_key="sk_test_1", session_id="cs_1")
