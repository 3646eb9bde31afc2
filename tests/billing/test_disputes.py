"""What a dispute stops, and how the agency lets a client start again."""

import pytest

from billing import debts, disputes, wallets
from billing.models import Dispute, LedgerEntry
from clients.models import Client
from tests.support.booking import ADA, book
from tests.support.returned import disputed

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("status", "withdrawn_minor", "stops"),
    [
        ("needs_response", 0, True),
        ("under_review", 4000, True),
        ("a word of next year", 0, True),
        ("lost", 4000, True),
        ("lost", 0, True),
        ("won", 4000, True),
        ("won", 0, False),
        ("prevented", 0, False),
        ("warning_needs_response", 0, False),
        ("warning_closed", 0, False),
    ],
)
def test_a_dispute_stops_while_it_is_open_lost_or_has_the_money(
    ben: Client, status: str, withdrawn_minor: int, stops: bool
) -> None:
    disputed(ben, status, withdrawn_minor=withdrawn_minor)
    assert disputes.stop_starts(ben.pk) == stops
    assert disputes.stopped_clients() == int(stops)


def test_a_dispute_stops_its_own_client_alone(ben: Client) -> None:
    disputed(ben)
    assert not disputes.stop_starts(Client.objects.create(name="Zoe", email="zoe@client.test").pk)


def test_lifting_says_who_and_when_and_leaves_the_money_alone(ben: Client) -> None:
    dispute = disputed(ben, "lost", withdrawn_minor=4000, seconds=6000, bookings=1)
    disputes.lift(dispute_id=dispute.pk, actor=ADA)
    dispute.refresh_from_db()
    assert (dispute.lifted_by, dispute.lifted_at is not None, dispute.seconds) == (ADA, True, 6000)
    assert not disputes.stop_starts(ben.pk)
    assert not LedgerEntry.objects.exists()


def test_what_stops_nothing_is_not_lifted(ben: Client) -> None:
    dispute = disputed(ben, "won")
    with pytest.raises(disputes.NothingIsStopped):
        disputes.lift(dispute_id=dispute.pk, actor=ADA)
    lost = disputed(ben, "lost")
    disputes.lift(dispute_id=lost.pk, actor=ADA)
    with pytest.raises(disputes.NothingIsStopped):
        disputes.lift(dispute_id=lost.pk, actor=ADA)


def test_of_two_disputes_each_is_lifted_by_itself(ben: Client) -> None:
    first, second = disputed(ben), disputed(ben, "lost")
    disputes.lift(dispute_id=first.pk, actor=ADA)
    assert list(disputes.stopping(ben.pk)) == [second]
    assert Dispute.objects.filter(lifted_at=None).count() == 1


def test_a_debt_knows_what_took_the_balance_below_zero(ben: Client) -> None:
    book(ben.pk, "given", 100)
    assert debts.cause(wallets.get(ben.pk)) is None
    book(ben.pk, "call", -250, kind=LedgerEntry.Kind.USAGE, source="hms")
    book(ben.pk, "another", -10, kind=LedgerEntry.Kind.USAGE, source="hms")
    book(ben.pk, "bought", 50, kind=LedgerEntry.Kind.PURCHASE, source="stripe")
    cause = debts.cause(wallets.get(ben.pk))
    assert cause is not None
    assert (cause.source_id, debts.owing_clients()) == ("call", 1)
    book(ben.pk, "more", 200)
    assert (debts.cause(wallets.get(ben.pk)), debts.owing_clients()) == (None, 0)
