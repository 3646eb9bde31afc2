"""The table of clients: a page costs the same whatever it holds; found, chosen and put in order, key by key."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies import directory
from agencies.directory import Order, Show
from agencies.models import Agency
from billing import ledger
from billing.models import Dispute, LedgerEntry, Package, Purchase, Refund
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
    assert len(twenty) == len(one) == 4


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
    assert names(directory.page(directory.Choice(search=words))) == ["Client 2"]


@pytest.mark.parametrize("words", ["%", "_", "'; --", "nobody"])
def test_signs_of_sql_find_nobody(words: str) -> None:
    client(1)
    assert names(directory.page(directory.Choice(search=words))) == []


@pytest.mark.parametrize(
    "after", ["x", "~", "2026-01-01T00:00:00~x", "2026-01-01~00000000-0000-4000-8000-000000000000"]
)
def test_a_bad_key_starts_over(after: str) -> None:
    client(1)
    assert names(directory.page(after=after)) == ["Client 1"]


# --- Choice and order -------------------------------------------------------------------------------------------------


def chosen(**choice: Any) -> list[str]:
    return names(directory.page(directory.Choice(**choice)))


def test_a_choice_shows_its_clients_alone() -> None:
    busy(1)
    client(2)
    Client.objects.filter(name="Client 2").update(state=Client.State.SUSPENDED)
    assert chosen(show=Show.ACTIVE) == ["Client 1"]
    assert chosen(show=Show.SUSPENDED) == chosen(show=Show.EMPTY) == ["Client 2"]
    assert chosen(show=Show.SILENT) == chosen(show=Show.NOT_READY) == ["Client 2"]


def test_an_order_puts_first_what_it_names() -> None:
    client(3)
    busy(2)
    Client.objects.create(name="Ann", email="ANN@client.test", created_at=NOW - timedelta(days=9))
    assert chosen(order=Order.EMAIL) == ["Ann", "Client 2", "Client 3"]
    assert chosen(order=Order.MOST)[0] == chosen(order=Order.LEAST)[-1] == "Client 2"


@pytest.mark.parametrize("order", list(Order))
def test_pages_of_every_order_follow_one_another_without_gap_or_repeat(order: Order) -> None:
    for number in range(7):
        (busy if number % 3 == 0 else client)(number)
    seen = [row.name for row in pages(directory.Choice(order=order))]
    assert seen == chosen(order=order)
    assert len(set(seen)) == 7


def pages(choice: directory.Choice) -> Iterator[directory.Row]:
    after = ""
    while True:
        page = directory.page(choice, after=after, size=2)
        yield from page.rows
        after = page.older
        if not after:
            return


@pytest.mark.parametrize("order", [Order.EMAIL, Order.LEAST, Order.MOST])
@pytest.mark.parametrize(
    "after", ["x", "~", "a\0~00000000-0000-4000-8000-000000000000", f"{'9' * 40}~00000000-0000-4000-8000-000000000000"]
)
def test_a_bad_key_of_any_order_is_no_error(order: Order, after: str) -> None:
    client(1)
    assert directory.page(directory.Choice(order=order), after=after).older == ""


def test_every_client_of_a_choice_comes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "ROWS_AT_A_TIME", 2)
    for number in range(5):
        client(number)
    assert [row.name for row in directory.every(directory.Choice(), livemode=True)] == chosen()


# --- What was paid ----------------------------------------------------------------------------------------------------


def bought(of: Client, **fields: Any) -> Purchase:
    package = Package.objects.filter(name="Starter").first()
    package = package or Package.objects.create(name="Starter", credits=100, price_minor=4000)
    values = {"package_name": "Starter", "seconds": 6000, "price_minor": 4000, "currency": "eur", "livemode": True}
    return Purchase.objects.create(
        client=of, package=package, **{**values, "state": Purchase.State.PAID, "paid_at": NOW, **fields}
    )


def paid_by(number: int, *, livemode: bool = True) -> dict[str, int]:
    return next(row.paid_minor for row in directory.page(livemode=livemode).rows if row.name == f"Client {number}")


def test_what_a_client_paid_is_what_was_charged_less_what_went_back() -> None:
    ben = client(1)
    first = bought(ben, paid_minor=3500)
    second = bought(ben)
    bought(ben, currency="usd", price_minor=900)
    bought(ben, state=Purchase.State.PENDING, paid_at=None)
    bought(ben, livemode=False, price_minor=77)
    for state, minor in ((Refund.State.SUCCEEDED, 1000), (Refund.State.FAILED, 100)):
        Refund.objects.create(
            purchase=first, stripe_refund_id=str(uuid4()), amount_minor=minor, currency="eur", state=state
        )
    Dispute.objects.create(
        purchase=second, stripe_dispute_id="d", amount_minor=4000, currency="eur", status="lost", withdrawn_minor=4000
    )
    bought(client(2), price_minor=1)
    assert paid_by(1) == {"eur": 2500, "usd": 900}
    assert paid_by(1, livemode=False) == {"eur": 77}
    assert paid_by(2) == {"eur": 1}
