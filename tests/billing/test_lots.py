"""What is left of each entry that added credits, whatever happened to the balance since."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing import lots, proof
from billing.models import Lot, Wallet
from clients.models import Client
from tests.support import credits
from tests.support.booking import Kind, book


def left(client: Client) -> dict[int, int]:
    """Seconds that are left of each lot with something left, by the version of its entry."""
    found = {lot.version: lot.remaining for lot in lots.lay_out(client.pk) if lot.remaining}
    assert found == {lot.version: lot.remaining for lot in lots.standing(client.pk) if lot.remaining}
    assert proof.verify().findings == []
    return found


def use(client: Client, key: str, seconds: int) -> None:
    book(client.pk, key, -seconds, kind=Kind.USAGE, source="hms")


def test_each_entry_that_adds_makes_a_lot(ben: Client) -> None:
    for number, kind in enumerate(
        (Kind.PURCHASE, Kind.ALLOCATION, Kind.WELCOME, Kind.REFUND_REVERSAL, Kind.DISPUTE_WON, Kind.REVERSAL), 1
    ):
        book(ben.pk, number, 10 * number, kind=kind)
    assert left(ben) == {number: 10 * number for number in range(1, 7)}


def test_calls_use_what_expires_first_and_then_what_came_first(ben: Client) -> None:
    book(ben.pk, "gift", 100)
    credits.bought(ben, 100, lifetime_days=30)
    credits.bought(ben, 100, lifetime_days=10)
    book(ben.pk, "later", 100)
    use(ben, "call", 150)
    assert left(ben) == {1: 100, 2: 50, 4: 100}
    use(ben, "call 2", 180)
    assert left(ben) == {4: 70}


def test_a_debt_is_paid_by_what_is_added_next(ben: Client) -> None:
    use(ben, "call", 150)
    book(ben.pk, "bought", 100)
    assert left(ben) == {}
    book(ben.pk, "bought again", 100)
    assert left(ben) == {3: 50}
    assert list(Lot.objects.order_by("version").values_list("amount", "remaining")) == [(100, 0), (100, 50)]


def test_what_corrections_give_back_beyond_what_was_taken_is_a_lot_that_stays(ben: Client) -> None:
    use(ben, "call", 60)
    book(ben.pk, "first", 100, kind=Kind.ALLOCATION)
    assert left(ben) == {2: 40}
    book(ben.pk, "call#1", 50, kind=Kind.USAGE_CORRECTION)
    book(ben.pk, "second", 10)
    assert left(ben) == {2: 40, 3: 50, 4: 10}
    assert Lot.objects.get(version=3).expires_at is None


def test_a_correction_gives_back_to_the_lot_that_was_used(ben: Client) -> None:
    credits.bought(ben, 100, lifetime_days=10)
    use(ben, "call", 100)
    assert left(ben) == {}
    book(ben.pk, "call#1", 30, kind=Kind.USAGE_CORRECTION)
    assert left(ben) == {1: 30}


def test_a_refund_takes_from_the_lot_of_its_purchase_first(ben: Client) -> None:
    credits.bought(ben, 100, lifetime_days=10)
    second = credits.bought(ben, 100)
    credits.refund(second, 60)
    assert left(ben) == {1: 100, 2: 40}
    credits.dispute(second, 70)
    assert left(ben) == {1: 70}


def test_what_a_failed_refund_gives_back_expires_with_its_purchase(ben: Client) -> None:
    purchase = credits.bought(ben, 100, lifetime_days=10)
    row = credits.refund(purchase, 100)
    credits.refund_undone(row, 100)
    assert left(ben) == {3: 100}
    lot = Lot.objects.get(version=3)
    assert (lot.expires_at, lot.purchase_id) == (purchase.paid_at + timedelta(days=10), purchase.pk)


def test_removing_test_credits_takes_them_before_all_others(ben: Client) -> None:
    book(ben.pk, "real", 100, livemode=True)
    book(ben.pk, "test", 100)
    book(ben.pk, "live", -120, kind=Kind.TEST_REVERSAL)
    assert left(ben) == {1: 80}


def test_undoing_takes_from_the_lot_that_is_undone(ben: Client) -> None:
    credits.bought(ben, 100, lifetime_days=10)
    book(ben.pk, "mistake", 100)
    book(ben.pk, f"{ben.pk}/2", -100, kind=Kind.REVERSAL, source="ledger")
    assert left(ben) == {1: 100}


def test_credits_that_are_paid_expire_so_many_days_later(ben: Client) -> None:
    paid_at = timezone.now()
    credits.bought(ben, 100, lifetime_days=90, paid_at=paid_at)
    credits.bought(ben, 100)
    assert [lot.expires_at for lot in lots.lay_out(ben.pk)] == [paid_at + timedelta(days=90), None]


def test_booking_touches_no_lot_and_laying_out_reads_no_call(ben: Client) -> None:
    book(ben.pk, "bought", 6_000)
    for number in range(20):
        use(ben, f"call {number}", 1)
    assert not Lot.objects.exists()
    with CaptureQueriesContext(connection) as few:
        assert left(ben) == {1: 5_980}
    for number in range(200):
        use(ben, f"later {number}", 1)
    lots.replay(ben.pk, until=221)
    Lot.objects.all().delete()
    Wallet.objects.update(lots_version=0)
    with CaptureQueriesContext(connection) as many:
        assert left(ben) == {1: 5_780}
    assert len(few) == len(many)


def test_laying_out_again_changes_nothing(ben: Client) -> None:
    book(ben.pk, "bought", 100)
    assert left(ben) == left(ben) == {1: 100}
    assert Wallet.objects.get().lots_version == 1


def test_a_client_without_a_wallet_has_no_lots(ben: Client) -> None:
    assert lots.standing(ben.pk) == lots.lay_out(ben.pk) == []


def test_more_entries_than_are_read_at_once_are_all_laid_out(ben: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lots, "_AT_A_TIME", 3)
    for number in range(10):
        book(ben.pk, number, 10)
    assert left(ben) == dict.fromkeys(range(1, 11), 10)


@pytest.mark.parametrize(
    ("change", "version"),
    [
        ("UPDATE billing_lot SET remaining = remaining - 1 WHERE version = 1", 1),
        ("UPDATE billing_lot SET amount = amount + 1 WHERE version = 1", 1),
        ("UPDATE billing_lot SET expires_at = now() WHERE version = 1", 1),
        ("UPDATE billing_lot SET livemode = NOT livemode WHERE version = 2", 2),
        ("DELETE FROM billing_lot WHERE version = 2", 2),
        ("UPDATE billing_lot SET version = 7 WHERE version = 2", 7),
        ("UPDATE billing_wallet SET lots_version = 9", None),
        ("UPDATE billing_wallet SET lots_version = 1", None),
    ],
)
def test_lots_that_are_not_what_their_entries_make_of_them_are_found(
    ben: Client, change: str, version: int | None
) -> None:
    book(ben.pk, "first", 100)
    book(ben.pk, "second", 100)
    lots.lay_out(ben.pk)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(change)
    findings = proof.verify().findings
    assert {finding.rule for finding in findings} == {"I9"}
    assert version in {finding.version for finding in findings}


def test_an_expired_lot_that_is_not_empty_is_found(ben: Client) -> None:
    at: datetime = timezone.now()
    credits.bought(ben, 100, lifetime_days=1, paid_at=at - timedelta(days=2))
    book(ben.pk, f"{ben.pk}/1", -40, kind=Kind.EXPIRY, source="portal")
    lots.lay_out(ben.pk)
    assert [finding.words for finding in proof.verify().findings] == ["expired, and 60 s are left"]
