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
from tests.support.booking import Kind, book
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


def test_trap_44_the_same_form_twice_counts_once_and_says_who_and_why(ben: Client) -> None:
    token = uuid4()
    for _twice in range(2):
        assert allocate(ben, 600, form_token=token).balance_after == 600
    entry = LedgerEntry.objects.get()
    assert (entry.actor, entry.reason) == (ADA, "Invoice 1")


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


def undo(client: Client, version: int, reason: str = "") -> ledger.Posting:
    return allocation.undo(client_id=client.pk, version=version, reason=reason, actor=ADA)


@pytest.mark.parametrize("seconds", [600, -120])
def test_what_was_given_or_taken_is_undone_by_an_entry_that_points_at_it(ben: Client, seconds: int) -> None:
    allocate(ben, 6_000)
    allocate(ben, seconds)
    assert undo(ben, 2, "  wrong \n client ").balance_after == 6_000
    entry = ledger.entry(ben.pk, 3)
    assert (entry.kind, entry.source, entry.source_id) == ("reversal", "ledger", f"{ben.pk}/2")
    assert (entry.amount, entry.reason, entry.actor) == (-seconds, "wrong client", ADA)
    assert allocation.undone(ben.pk, [1, 2, 3]) == {2}


def test_an_entry_is_undone_once_whatever_is_said_the_second_time(ben: Client) -> None:
    allocate(ben, 600)
    assert undo(ben, 1).outcome == ledger.Outcome.POSTED
    assert undo(ben, 1, "again").outcome == ledger.Outcome.REPLAYED
    assert wallets.get(ben.pk).balance == 0


def test_what_is_used_or_held_cannot_be_undone(ben: Client) -> None:
    allocate(ben, 600)
    wallets.set_aside(ben.pk, 60)
    with pytest.raises(allocation.MoreThanAvailable, match="Only 9 credits"):
        undo(ben, 1)
    assert allocation.undone(ben.pk, [1]) == set()


@pytest.mark.parametrize("kind", [Kind.PURCHASE, Kind.REFUND_REVERSAL, Kind.REVERSAL, Kind.USAGE_CORRECTION])
def test_what_nobody_gave_by_hand_cannot_be_undone(ben: Client, kind: Kind) -> None:
    book(ben.pk, 1, 600, kind=kind)
    with pytest.raises(allocation.NotGivenByHand):
        undo(ben, 1)


def test_welcome_credits_can_be_undone(ben: Client) -> None:
    book(ben.pk, 1, 600, kind=Kind.WELCOME)
    assert undo(ben, 1).balance_after == 0


def test_an_entry_that_is_not_there_cannot_be_undone(ben: Client) -> None:
    with pytest.raises(LedgerEntry.DoesNotExist):
        undo(ben, 1)


def test_a_reason_that_is_too_long_undoes_nothing(ben: Client) -> None:
    allocate(ben, 600)
    with pytest.raises(allocation.NoDescription):
        undo(ben, 1, "x" * 201)


def test_test_credits_that_went_with_going_live_cannot_be_undone_again(ben: Client) -> None:
    book(ben.pk, 1, 600)
    book(ben.pk, 2, -600, kind=Kind.TEST_REVERSAL)
    book(ben.pk, 3, 600, livemode=True)
    with pytest.raises(allocation.GoneWithTestCredits):
        undo(ben, 1)
    assert undo(ben, 3).balance_after == 0
