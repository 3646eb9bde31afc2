"""Welcome credits: once for each new client, as many as the agency says at that moment."""

from typing import Any

import pytest

from agencies import arrivals, welcome
from agencies.models import Agency
from billing import wallets
from billing.models import LedgerEntry
from people.models import User
from vault.models import StripeConnection


@pytest.fixture
def user(inside_acme: Agency) -> User:
    return User.objects.create_user("new@client.test", name="New")


def test_a_new_client_has_them_at_once(user: User, inside_acme: Agency) -> None:
    welcome.set_credits(inside_acme.pk, 10)
    client = arrivals.arrive(user=user, name="New")
    entry = LedgerEntry.objects.get()
    assert (entry.kind, entry.source, entry.source_id, entry.amount) == ("welcome", "portal", str(client.pk), 600)
    assert wallets.get(client.pk).balance == 600


def test_arriving_twice_is_one_welcome_whatever_it_is_by_then(user: User, inside_acme: Agency) -> None:
    arrivals.arrive(user=user, name="New")
    for number in (10, 20):
        welcome.set_credits(inside_acme.pk, number)
        arrivals.arrive(user=user, name="New")
    assert not LedgerEntry.objects.exists()


def test_the_same_welcome_twice_is_booked_once(user: User, inside_acme: Agency) -> None:
    welcome.set_credits(inside_acme.pk, 10)
    client = arrivals.arrive(user=user, name="New")
    welcome.set_credits(inside_acme.pk, 20)
    welcome.greet(client)
    assert wallets.get(client.pk).balance == 600


def test_an_agency_without_a_welcome_gives_nothing(user: User) -> None:
    arrivals.arrive(user=user, name="New")
    assert not LedgerEntry.objects.exists()


def test_an_arrival_that_fails_gives_nothing(user: User, inside_acme: Agency, monkeypatch: Any) -> None:
    def fail(_client: object) -> None:
        raise ZeroDivisionError

    welcome.set_credits(inside_acme.pk, 10)
    monkeypatch.setattr(arrivals.provisioning, "want", fail)
    with pytest.raises(ZeroDivisionError):
        arrivals.arrive(user=user, name="New")
    assert not LedgerEntry.objects.exists()


def test_a_welcome_in_test_mode_is_of_test_credits(user: User, inside_acme: Agency) -> None:
    StripeConnection.objects.create(agency=inside_acme, livemode=False)
    welcome.set_credits(inside_acme.pk, 10)
    arrivals.arrive(user=user, name="New")
    assert LedgerEntry.objects.get().livemode is False


@pytest.mark.parametrize("number", [-1, 1_001])
def test_a_welcome_out_of_bounds_is_refused(inside_acme: Agency, number: int) -> None:
    with pytest.raises(welcome.OutOfBounds, match="from 0 to 1,000"):
        welcome.set_credits(inside_acme.pk, number)
    assert Agency.objects.get(pk=inside_acme.pk).welcome_credits == 0


def test_what_it_costs_is_said_exactly() -> None:
    assert welcome.cost_micro(10, cost_micro_per_minute=70_000) == 700_000
