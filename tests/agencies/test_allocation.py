"""Credits by hand: at once, with a reason, within bounds, once for each form, never into debt."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from agencies import allocation
from agencies.models import Agency
from billing import ledger, wallets
from billing.models import LedgerEntry
from clients.models import Client
from tenancy import door
from vault.models import StripeConnection

pytestmark = pytest.mark.django_db
ADA = {"kind": "member", "id": "1", "email": "ada@acme.test"}


@pytest.fixture
def ben(acme: Agency) -> Iterator[Client]:
    with door.enter(acme):
        yield Client.objects.create(name="Ben", email="ben@client.test")


def allocate(client: Client, seconds: int, **changed: object) -> ledger.Posting:
    given = {"description": "Invoice 1", "form_token": uuid4(), "actor": ADA, **changed}
    return allocation.allocate(client_id=client.pk, seconds=seconds, **given)  # type: ignore[arg-type]


def test_it_is_effective_at_once_and_says_who_and_why(ben: Client) -> None:
    assert allocate(ben, 600, description="  Invoice \n 1 ").balance_after == 600
    entry = LedgerEntry.objects.get()
    assert (entry.kind, entry.source, entry.reason, entry.actor) == ("allocation", "agency", "Invoice 1", ADA)


def test_the_same_form_twice_counts_once(ben: Client) -> None:
    token = uuid4()
    for _twice in range(2):
        assert allocate(ben, 600, form_token=token).balance_after == 600
    assert LedgerEntry.objects.count() == 1


def test_the_same_form_with_another_amount_is_refused(ben: Client) -> None:
    token = uuid4()
    allocate(ben, 600, form_token=token)
    with pytest.raises(allocation.FormSentTwice):
        allocate(ben, 660, form_token=token)
    assert wallets.get(ben.pk).balance == 600


def test_what_is_there_can_be_taken_away(ben: Client) -> None:
    allocate(ben, 600)
    assert allocate(ben, -600).balance_after == 0


def test_taking_it_twice_by_the_same_form_is_no_debt(ben: Client) -> None:
    allocate(ben, 600)
    token = uuid4()
    for _twice in range(2):
        assert allocate(ben, -600, form_token=token).balance_after == 0


def test_no_more_can_be_taken_than_is_free(ben: Client) -> None:
    allocate(ben, 600)
    wallets.set_aside(ben.pk, 120)
    with pytest.raises(allocation.MoreThanAvailable, match="8 credits and 0 seconds"):
        allocate(ben, -481)
    assert allocate(ben, -480).balance_after == 120


def test_nothing_can_be_taken_from_somebody_in_debt(ben: Client) -> None:
    with pytest.raises(allocation.MoreThanAvailable, match="Only 0 credits"):
        allocate(ben, -60)


@pytest.mark.parametrize("seconds", [0, 10_000 * 60 + 1, -(10_000 * 60 + 1), 10**15])
def test_nothing_and_too_much_are_refused(ben: Client, seconds: int) -> None:
    with pytest.raises(allocation.OutOfBounds):
        allocate(ben, seconds)
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize("description", ["", "   ", "x" * 201])
def test_a_reason_is_needed(ben: Client, description: str) -> None:
    with pytest.raises(allocation.NoDescription):
        allocate(ben, 60, description=description)


def test_a_client_of_another_agency_is_unknown(ben: Client, globex: Agency) -> None:
    with door.leave(), door.enter(globex), pytest.raises(ledger.NoSuchClient):
        allocate(ben, 60)


@pytest.mark.parametrize(("livemode", "booked"), [(True, True), (False, False), (None, True)])
def test_credits_given_in_test_mode_are_test_credits(
    acme: Agency, ben: Client, livemode: bool | None, booked: bool
) -> None:
    StripeConnection.objects.create(agency=acme, livemode=livemode)
    allocate(ben, 60)
    assert LedgerEntry.objects.get().livemode is booked
