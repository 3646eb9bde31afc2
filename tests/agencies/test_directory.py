"""The table of clients: everything about them in one query a page, found by name and address, key by key."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies import directory
from agencies.models import Agency
from billing import ledger
from billing.models import LedgerEntry
from calls.models import Call
from clients.models import Client
from organizations.models import Organization
from tenancy import door

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture(autouse=True)
def inside(acme: Agency) -> Iterator[None]:
    with door.enter(acme):
        yield


def client(number: int) -> Client:
    return Client.objects.create(
        name=f"Client {number}", email=f"c{number}@client.test", created_at=NOW - timedelta(minutes=number)
    )


def busy(number: int) -> Client:
    made = client(number)
    organization = Organization.objects.create(
        client=made, hms_name=f"c{number}", hms_id=f"h{number}", api_key_sealed=b"x", state=Organization.State.READY
    )
    for days in (1, 2):
        at = NOW - timedelta(days=days)
        Call.objects.create(
            organization=organization, hms_id=f"{number}-{days}", status="ended", placed_at=at, started_at=at
        )
    ledger.post(
        client_id=made.pk,
        amount=600,
        kind=LedgerEntry.Kind.WELCOME,
        source="agency",
        source_id=str(number),
        fact={},
        livemode=True,
        actor={},
    )
    return made


def names(page: directory.Page) -> list[str]:
    return [row.name for row in page.rows]


def test_a_row_tells_balance_last_call_and_organization() -> None:
    made = busy(1)
    row = directory.page().rows[0]
    assert (row.client_id, row.balance, row.held) == (made.pk, 600, 0)
    assert row.last_call_at == NOW - timedelta(days=1)
    assert row.organization_state == Organization.State.READY


def test_somebody_who_has_just_signed_up_is_there() -> None:
    client(1)
    row = directory.page().rows[0]
    assert (row.balance, row.last_call_at, row.organization_state) == (0, None, Organization.State.WANTED)


def test_twenty_clients_cost_as_many_queries_as_one() -> None:
    busy(1)
    with CaptureQueriesContext(connection) as one:
        directory.page()
    for number in range(2, 21):
        busy(number)
    with CaptureQueriesContext(connection) as twenty:
        assert len(directory.page().rows) == 20
    assert len(twenty) == len(one) == 1


def test_pages_follow_one_another_without_gap_or_repeat() -> None:
    for number in range(7):
        client(number)
    seen, after = [], ""
    while True:
        page = directory.page(after=after, size=3)
        seen += names(page)
        if not page.older:
            break
        after = page.older
    assert seen == [f"Client {number}" for number in range(7)]


def test_clients_of_the_same_moment_are_all_shown() -> None:
    for number in range(5):
        Client.objects.create(name=f"Client {number}", email="x@client.test", created_at=NOW)
    first = directory.page(size=3)
    assert len({*names(first), *names(directory.page(after=first.older, size=3))}) == 5


@pytest.mark.parametrize("words", ["client 2", "C2@CLIENT", " c2@client.test "])
def test_somebody_is_found_by_name_or_address(words: str) -> None:
    for number in range(3):
        client(number)
    assert names(directory.page(search=words)) == ["Client 2"]


@pytest.mark.parametrize("words", ["%", "_", "'; --", "nobody"])
def test_signs_of_sql_find_nobody(words: str) -> None:
    client(1)
    assert names(directory.page(search=words)) == []


@pytest.mark.parametrize(
    "after", ["x", "~", "2026-01-01T00:00:00~x", "2026-01-01~00000000-0000-4000-8000-000000000000"]
)
def test_a_bad_key_starts_over(after: str) -> None:
    client(1)
    assert names(directory.page(after=after)) == ["Client 1"]
