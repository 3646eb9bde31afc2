"""Credits with an end leave the wallet once, as much as is left, when it is booked."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from agencies import due_work
from agencies.models import Agency
from billing import expiry, proof, wallets
from billing.expiry import Coming
from billing.models import LedgerEntry
from clients.models import Client
from follow_ups.models import FollowUp
from portal.jobs import KINDS
from tenancy import door
from tests.support import credits
from tests.support.booking import Kind, book

DAY = timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def expired(client: Client) -> list[int]:
    entries = LedgerEntry.objects.filter(wallet_id=client.pk, kind=Kind.EXPIRY).order_by("version")
    assert proof.verify().findings == []
    return [entry.amount for entry in entries]


def test_what_is_left_expires_and_the_rest_was_used(ben: Client, now: datetime) -> None:
    credits.ended(ben, 100)
    book(ben.pk, "call", -40, kind=Kind.USAGE)
    assert expiry.expire(ben.pk, now) is None
    entry = LedgerEntry.objects.get(kind=Kind.EXPIRY)
    assert (entry.amount, entry.balance_after, entry.reason) == (-60, 0, "Starter")
    assert (entry.source, entry.source_id, entry.livemode) == ("portal", f"{ben.pk}/1", False)


def test_doing_it_twice_books_once(ben: Client, now: datetime) -> None:
    credits.ended(ben, 100)
    for _twice in range(2):
        expiry.expire(ben.pk, now)
    assert expired(ben) == [-100]


def test_it_is_looked_at_again_when_the_next_credits_expire(ben: Client, now: datetime) -> None:
    credits.ended(ben, 100)
    credits.bought(ben, 50, lifetime_days=30, paid_at=now)
    credits.bought(ben, 70, lifetime_days=20, paid_at=now)
    book(ben.pk, "gift", 10)
    assert expiry.expire(ben.pk, now) == now + 20 * DAY
    assert expired(ben) == [-100]
    assert expiry.expire(ben.pk, now + 20 * DAY) == now + 30 * DAY
    assert wallets.get(ben.pk).balance == 60


def test_credits_without_an_end_stay(ben: Client, now: datetime) -> None:
    credits.bought(ben, 100)
    assert expiry.expire(ben.pk, now + 10_000 * DAY) is None
    assert expired(ben) == []


def test_credits_are_there_until_the_moment_they_expire(ben: Client, now: datetime) -> None:
    credits.bought(ben, 100, lifetime_days=1, paid_at=now)
    end = now + DAY
    assert expiry.expire(ben.pk, end - timedelta(microseconds=1)) == end
    assert expired(ben) == []
    expiry.expire(ben.pk, end)
    assert expired(ben) == [-100]


def test_what_was_used_up_in_time_is_looked_at_while_corrections_come(ben: Client, now: datetime) -> None:
    credits.ended(ben, 100)
    book(ben.pk, "call", -100, kind=Kind.USAGE)
    assert expiry.expire(ben.pk, now) == now + DAY
    book(ben.pk, "call#1", 30, kind=Kind.USAGE_CORRECTION)
    expiry.expire(ben.pk, now + DAY)
    assert expired(ben) == [-30]
    assert expiry.expire(ben.pk, now + DAY) is None


def test_looking_for_late_corrections_ends(ben: Client, now: datetime) -> None:
    credits.ended(ben, 100, days_ago=35)
    book(ben.pk, "call", -100, kind=Kind.USAGE)
    assert expiry.expire(ben.pk, now + timedelta(seconds=1)) is None


def test_a_call_that_runs_is_waited_for_an_hour_at_most(ben: Client, now: datetime) -> None:
    purchase = credits.bought(ben, 100, lifetime_days=1, paid_at=now)
    end = purchase.paid_at + DAY
    wallets.set_aside(ben.pk, 50)
    assert expiry.expire(ben.pk, end) == end + timedelta(minutes=1)
    assert expired(ben) == []
    expiry.expire(ben.pk, end + timedelta(hours=1))
    assert expired(ben) == [-100]


def test_what_comes_back_after_its_time_expires_at_once(ben: Client, now: datetime) -> None:
    purchase = credits.ended(ben, 100)
    row = credits.refund(purchase, 100)
    assert expiry.expire(ben.pk, now) is None
    credits.refund_undone(row, 100)
    expiry.schedule(purchase)
    KINDS[expiry.KIND](str(ben.pk))
    assert expired(ben) == [-100]


def test_a_purchase_with_an_end_is_asked_for_at_its_end(ben: Client, now: datetime) -> None:
    expiry.schedule(credits.bought(ben, 100))
    assert not FollowUp.objects.exists()
    expiry.schedule(credits.bought(ben, 100, lifetime_days=30, paid_at=now))
    expiry.schedule(credits.bought(ben, 100, lifetime_days=20, paid_at=now))
    asked = FollowUp.objects.get()
    assert (asked.kind, asked.subject, asked.due_at) == ("expiry", str(ben.pk), now + 20 * DAY)


def test_a_lost_follow_up_is_found_again(inside_acme: Agency, ben: Client, now: datetime) -> None:
    credits.bought(ben, 100, lifetime_days=30, paid_at=now)
    with door.leave():
        due_work.rebuild(inside_acme)
    assert FollowUp.objects.filter(kind="expiry", subject=str(ben.pk)).exists()


def test_what_will_expire_is_told_with_its_time(ben: Client, now: datetime) -> None:
    assert expiry.coming(ben.pk, now) == []
    for seconds, days in ((50, 30), (70, 20), (10, 20)):
        credits.bought(ben, seconds, lifetime_days=days, paid_at=now)
    credits.bought(ben, 500)
    book(ben.pk, "call", -60, kind=Kind.USAGE)
    assert expiry.coming(ben.pk, now) == [Coming(20, now + 20 * DAY), Coming(50, now + 30 * DAY)]
    assert expiry.coming(ben.pk, now + 20 * DAY) == [Coming(50, now + 30 * DAY)]


@pytest.mark.parametrize(("used", "livemode"), [(0, False), (60, False), (100, True)])
def test_test_credits_expire_as_such_while_there_are_any(ben: Client, now: datetime, used: int, livemode: bool) -> None:
    """Test calls take from the lot that ends first, whosever it is: then a test lot holds what is real."""
    paid_at = now - 20 * DAY
    real = credits.bought(ben, 100, lifetime_days=5, paid_at=paid_at, livemode=True)
    credits.bought(ben, 100, lifetime_days=10, paid_at=paid_at)
    if used:
        book(ben.pk, "call", -used, kind=Kind.USAGE)
    expiry.expire(ben.pk, now)
    modes = dict(LedgerEntry.objects.filter(kind=Kind.EXPIRY).values_list("source_id", "livemode"))
    assert modes.pop(f"{ben.pk}/1", True) is real.livemode
    assert modes == {f"{ben.pk}/2": livemode}
