from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from agencies.models import Agency
from billing import disputes, wallets
from calls import holds, obstacles, sync
from calls.models import Call, Hold
from calls.rating import billed_seconds
from organizations.models import Organization
from tests.support import hms_says, returned
from tests.support.booking import book
from tests.support.hms_says import PER_SECOND, Hms

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


@pytest.fixture
def ben(connected_acme: Agency, says: Hms) -> Organization:
    return hms_says.ready(says, credit=600)


def held(organization: Organization) -> int:
    return wallets.get(organization.client_id).held


@pytest.mark.parametrize(
    ("credit", "maximum", "seconds"),
    [(600, None, 600), (600, 120, 120), (5000, None, 1800), (5000, 3600, 1800), (30, None, 30)],
)
def test_a_call_sets_aside_what_it_may_use(
    connected_acme: Agency, says: Hms, credit: int, maximum: int, seconds: int
) -> None:
    organization = hms_says.ready(says, credit=credit)
    hold = holds.take(organization=organization, now=NOW, assistant_maximum=maximum)
    assert (hold.seconds, held(organization)) == (seconds, seconds)
    assert holds.longest_call(hold) == seconds + holds.GRACE_SECONDS
    assert hold.expires_at == NOW + timedelta(seconds=seconds + holds.GRACE_SECONDS + 120)


@pytest.mark.parametrize("credit", [0, 29])
def test_too_little_time_starts_no_call(connected_acme: Agency, says: Hms, credit: int) -> None:
    organization = hms_says.ready(says, credit=credit)
    with pytest.raises(obstacles.NotEnoughTime, match="buy credits"):
        holds.take(organization=organization, now=NOW)
    assert (Hold.objects.count(), held(organization)) == (0, 0)


def test_a_second_call_gets_what_the_first_left(ben: Organization) -> None:
    holds.take(organization=ben, now=NOW, assistant_maximum=580)
    with pytest.raises(obstacles.NotEnoughTime):
        holds.take(organization=ben, now=NOW)


def test_a_call_that_asks_twice_keeps_its_hold(ben: Organization) -> None:
    first = holds.take(organization=ben, now=NOW, hms_call_id="c1", assistant_maximum=100)
    assert holds.take(organization=ben, now=NOW, hms_call_id="c1").pk == first.pk
    assert held(ben) == 100


def test_a_call_of_the_same_name_elsewhere_has_a_hold_of_its_own(ben: Organization, says: Hms) -> None:
    other = hms_says.ready(says, name="Zoe", credit=600)
    first = holds.take(organization=ben, now=NOW, hms_call_id="c1", assistant_maximum=100)
    second = holds.take(organization=other, now=NOW, hms_call_id="c1", assistant_maximum=50)
    assert first.pk != second.pk
    assert (held(ben), held(other)) == (100, 50)


def test_a_hold_ends_with_its_call(ben: Organization, says: Hms) -> None:
    holds.take(organization=ben, now=NOW, hms_call_id="c1", assistant_maximum=100)
    says.of(ben).ends(40, id="c1")
    sync.sync(ben.pk, terms=PER_SECOND)
    wallet = wallets.get(ben.client_id)
    assert (wallet.balance, wallet.held) == (560, 0)
    assert Hold.objects.get().released_at is not None


def test_a_hold_waits_for_the_time_of_its_call(ben: Organization, says: Hms) -> None:
    holds.take(organization=ben, now=NOW, hms_call_id="c1")
    says.of(ben).ends(None, id="c1")
    sync.sync(ben.pk, terms=PER_SECOND)
    assert held(ben) == 600


def test_a_hold_of_no_call_ends_when_it_has_expired(ben: Organization) -> None:
    hold = holds.take(organization=ben, now=NOW)
    sync.sync(ben.pk, terms=PER_SECOND)
    assert held(ben) == 600
    Hold.objects.filter(pk=hold.pk).update(expires_at=NOW)
    sync.sync(ben.pk, terms=PER_SECOND)
    assert held(ben) == 0


def test_an_expired_hold_stays_while_hms_says_that_the_call_runs(ben: Organization, says: Hms) -> None:
    hold = holds.take(organization=ben, now=NOW, hms_call_id="c1")
    says.of(ben).has(id="c1", status="in-progress")
    Hold.objects.filter(pk=hold.pk).update(expires_at=NOW)
    sync.sync(ben.pk, terms=PER_SECOND)
    assert held(ben) == 600


def test_nobody_waits_for_a_call_that_never_ends(ben: Organization, says: Hms) -> None:
    hold = holds.take(organization=ben, now=NOW, hms_call_id="c1")
    says.of(ben).has(id="c1", status="in-progress")
    Hold.objects.filter(pk=hold.pk).update(expires_at=NOW, created_at=NOW - timedelta(hours=5))
    sync.sync(ben.pk, terms=PER_SECOND)
    assert held(ben) == 0


def test_an_open_hold_is_watched_closely(ben: Organization) -> None:
    holds.take(organization=ben, now=NOW)
    synced = sync.sync(ben.pk, terms=PER_SECOND)
    assert synced.next_at - datetime.now(UTC) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("taken", "is_disputed", "why"),
    [
        (0, False, None),
        (570, False, None),
        (571, False, obstacles.Obstacle.CREDITS),
        (601, False, obstacles.Obstacle.DEBT),
        (0, True, obstacles.Obstacle.DISPUTE),
        (601, True, obstacles.Obstacle.DISPUTE),
    ],
)
def test_what_is_said_before_a_start_is_what_happens(
    ben: Organization, taken: int, is_disputed: bool, why: obstacles.Obstacle | None
) -> None:
    if taken:
        book(ben.client_id, "taken", -taken)
    if is_disputed:
        returned.disputed(ben.client)
    assert obstacles.obstacle(wallets.get(ben.client_id)) is why
    if why is None:
        assert holds.take(organization=ben, now=NOW).seconds
    else:
        with pytest.raises(obstacles.NotEnoughTime) as caught:
            holds.take(organization=ben, now=NOW)
        assert str(caught.value) == obstacles.refusal(why)


def test_while_a_payment_is_disputed_no_call_starts(ben: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disputes, "stop_starts", lambda client_id: client_id == ben.client_id)
    with pytest.raises(obstacles.PaymentDisputed, match="disputed"):
        holds.take(organization=ben, now=NOW)
    assert held(ben) == 0


@pytest.mark.parametrize("rounding", [1, 6, 30, 60])
@pytest.mark.parametrize("credit", [30, 45, 59, 60, 89, 90, 100, 600, 1829])
def test_a_call_rounded_up_takes_no_more_than_its_hold_and_the_grace(
    connected_acme: Agency, says: Hms, credit: int, rounding: int
) -> None:
    organization = hms_says.ready(says, credit=credit)
    hold = holds.take(organization=organization, now=NOW, hms_call_id="c1", rounding=rounding)
    longest = holds.longest_call(hold)
    assert 0 < billed_seconds(longest, rounding=rounding) <= min(credit, 1800) + holds.GRACE_SECONDS
    terms = replace(PER_SECOND, rounding=rounding)
    call_id = says.of(organization).ends(longest, ended_at=NOW + timedelta(seconds=longest))
    sync.sync(organization.pk, terms=terms)
    assert Call.objects.get(hms_id=call_id).rounding == str(rounding)
    assert wallets.get(organization.client_id).balance >= -holds.GRACE_SECONDS


def test_an_assistant_that_talks_briefly_has_its_whole_step_set_aside(ben: Organization) -> None:
    hold = holds.take(organization=ben, now=NOW, assistant_maximum=10, rounding=60)
    assert (hold.seconds, holds.longest_call(hold)) == (60, 60)
