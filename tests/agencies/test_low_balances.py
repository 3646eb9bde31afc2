"""A client whose balance falls below the agency's line is told of once, all of a day together."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from agencies import low_balances
from agencies.models import Agency
from clients.models import Client
from notifications import notes
from notifications.models import Kind, Notification
from tenancy import door
from tests.support import booking

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def inside(acme: Agency) -> Iterator[None]:
    with door.enter(acme):
        yield


@pytest.fixture
def ben() -> Client:
    (client,) = booking.clients(1)
    return client


def moved(client: Client, credits: int) -> list[object]:
    """Who is told of after the client's balance moved by so much."""
    booking.book(client.pk, f"{client.pk}{timezone.now()}", credits * 60)
    return list(low_balances.look(timezone.now()))


def test_a_client_is_told_of_when_the_balance_falls_below_the_line(ben: Client) -> None:
    assert [moved(ben, credits) for credits in (100, -90, -1, -1)] == [[], [], [ben.pk], []]
    row = Notification.objects.get(kind=Kind.LOW_BALANCE)
    assert (row.count, row.client_ids, row.facts) == (1, [str(ben.pk)], {"credits": 10})


def test_a_balance_that_trembles_around_the_line_is_told_once(ben: Client) -> None:
    assert [moved(ben, credits) for credits in (100, -91, 1, -1)] == [[], [ben.pk], [], []]
    assert [moved(ben, credits) for credits in (2, -2)] == [[], [ben.pk]], "it was a tenth above in between"


def test_who_never_had_enough_has_not_fallen(ben: Client) -> None:
    assert [moved(ben, credits) for credits in (5, -5)] == [[], []]


def test_all_of_a_day_are_one_notification() -> None:
    made = booking.clients(30)
    for client in made:
        moved(client, 100)
    for client in made:
        booking.book(client.pk, f"used {client.pk}", -95 * 60)
    assert len(low_balances.look(timezone.now())) == 30
    (last,) = booking.clients(1)
    moved(last, 100)
    moved(last, -95)
    row = Notification.objects.get(kind=Kind.LOW_BALANCE)
    assert row.count == 31
    assert len(row.client_ids) == notes.NAMED


def test_the_agency_chooses_the_line_and_zero_is_none(acme: Agency, ben: Client) -> None:
    low_balances.choose(agency_id=acme.pk, credits=50)
    assert [moved(ben, credits) for credits in (100, -51)] == [[], [ben.pk]]
    low_balances.choose(agency_id=acme.pk, credits=0)
    assert [moved(ben, credits) for credits in (100, -140)] == [[], []]
    for wrong in (-1, 10_001):
        with pytest.raises(low_balances.LineRefused):
            low_balances.choose(agency_id=acme.pk, credits=wrong)


def test_another_agencys_clients_stay_where_they_are(ben: Client, acme: Agency, globex: Agency) -> None:
    moved(ben, 100)
    moved(ben, -95)
    assert not Notification.objects.filter(agency=globex, kind=Kind.LOW_BALANCE).exists()
