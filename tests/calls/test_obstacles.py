"""Limits of a client, and of test mode: what keeps the next call from starting, and how much one may set aside."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agencies.models import Agency
from billing import wallets
from calls import holds, inbound, obstacles, rehearsals, sync
from clients import limits
from clients.limits import Limits
from organizations.models import Organization
from tests.support import hms_says
from tests.support.hms_says import PER_SECOND, Hms
from vault.models import StripeConnection

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
# Stands for midnight, so that the tests do not depend on when they run.
BEGAN = NOW - timedelta(hours=1)


@pytest.fixture
def ben(connected_acme: Agency, says: Hms) -> Organization:
    return hms_says.ready(says, credit=6000)


def allow(organization: Organization, **limited: Any) -> None:
    limits.choose(client_id=organization.client_id, limits=Limits(**limited))


def take(organization: Organization, call: str = "") -> int:
    return holds.take(organization=organization, now=datetime.now(UTC), hms_call_id=call).seconds


def why(organization: Organization) -> obstacles.Obstacle | None:
    return obstacles.obstacle(wallets.get(organization.client_id))


def ask(organization: Organization, call: str = "c1") -> inbound.Answer:
    return inbound.answer(organization_id=organization.pk, hms_call_id=call, assistant_maximum=None, now=NOW)


def test_a_call_sets_aside_no_more_than_the_cap_of_its_client(ben: Organization) -> None:
    allow(ben, seconds_a_call=600)
    assert take(ben) == 600


def test_a_call_needs_the_least_that_its_agency_asks_for(ben: Organization) -> None:
    allow(ben, least_seconds=1800, seconds_a_call=5990)
    take(ben, "c1")
    assert why(ben) is obstacles.Obstacle.CREDITS
    with pytest.raises(obstacles.NotEnoughTime):
        take(ben, "c2")


def test_no_more_calls_run_at_once_than_may(ben: Organization) -> None:
    allow(ben, calls_at_once=2)
    take(ben, "c1")
    take(ben, "c2")
    assert why(ben) is obstacles.Obstacle.AT_ONCE
    with pytest.raises(obstacles.TooManyAtOnce):
        take(ben, "c3")


def test_a_call_without_a_hold_counts_among_those_at_once(ben: Organization, says: Hms) -> None:
    allow(ben, calls_at_once=1)
    says.of(ben).has(status="in-progress", started_at=NOW, direction="outbound")
    sync.sync(ben.pk, terms=PER_SECOND)
    assert why(ben) is obstacles.Obstacle.AT_ONCE


def test_a_call_that_is_held_and_listed_is_one(ben: Organization, says: Hms) -> None:
    allow(ben, calls_at_once=2)
    call_id = says.of(ben).has(status="in-progress", started_at=NOW)
    take(ben, call_id)
    sync.sync(ben.pk, terms=PER_SECOND)
    assert take(ben, "another")


def test_one_that_has_ended_makes_room(ben: Organization, says: Hms) -> None:
    allow(ben, calls_at_once=1)
    take(ben, call_id := says.of(ben).has(status="in-progress", started_at=NOW))
    says.of(ben).ends(10, id=call_id)
    sync.sync(ben.pk, terms=PER_SECOND)
    assert why(ben) is None


def test_a_day_gives_what_is_left_of_it(ben: Organization, says: Hms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(obstacles, "midnight", lambda: BEGAN)
    allow(ben, seconds_a_day=600)
    says.of(ben).ends(500, ended_at=BEGAN + timedelta(seconds=501))
    sync.sync(ben.pk, terms=PER_SECOND)
    assert take(ben, "c1") == 100
    assert why(ben) is obstacles.Obstacle.DAY
    with pytest.raises(obstacles.DayIsUsedUp):
        take(ben, "c2")


def test_the_next_day_begins_anew(ben: Organization, says: Hms, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(ben, seconds_a_day=600)
    says.of(ben).ends(600, ended_at=BEGAN)
    sync.sync(ben.pk, terms=PER_SECOND)
    monkeypatch.setattr(obstacles, "midnight", lambda: BEGAN - timedelta(hours=1))
    assert why(ben) is obstacles.Obstacle.DAY
    monkeypatch.setattr(obstacles, "midnight", lambda: BEGAN)
    assert why(ben) is None


def test_a_caller_hears_the_sentence_of_the_client(ben: Organization) -> None:
    allow(ben, seconds_a_day=60, sentence="Please mail us.")
    ask(ben, "c1")
    assert ask(ben, "c2") == inbound.Answer(refusal="Please mail us.")


def test_with_no_credits_left_the_fallback_takes_the_call_for_the_grace(ben: Organization) -> None:
    allow(ben, assistant_id="a-9")
    for number in range(4):
        ask(ben, f"c{number}")
    answer = ask(ben, "c9")
    assert answer == inbound.Answer(max_duration_seconds=holds.GRACE_SECONDS, assistant_id="a-9")


def test_no_fallback_gets_around_a_limit(ben: Organization) -> None:
    allow(ben, assistant_id="a-9", calls_at_once=1)
    ask(ben, "c1")
    assert ask(ben, "c2").refusal


@pytest.fixture
def in_test_mode(ben: Organization, acme: Agency) -> Organization:
    StripeConnection.objects.create(agency=acme, livemode=False)
    return ben


def test_in_test_mode_no_real_call_starts_until_the_owner_says_so(in_test_mode: Organization, acme: Agency) -> None:
    assert why(in_test_mode) is obstacles.Obstacle.TEST
    with pytest.raises(obstacles.NoTestCalls):
        take(in_test_mode)
    rehearsals.allow(agency_id=acme.pk, seconds=600)
    assert take(in_test_mode) == 600


def test_what_all_clients_use_in_test_mode_is_one_sum(in_test_mode: Organization, acme: Agency, says: Hms) -> None:
    rehearsals.allow(agency_id=acme.pk, seconds=600)
    bob = hms_says.ready(says, "Bob", credit=6000)
    says.of(bob).ends(400, ended_at=datetime.now(UTC) + timedelta(seconds=401))
    sync.sync(bob.pk, terms=PER_SECOND)
    assert take(in_test_mode) == 200
    assert why(bob) is obstacles.Obstacle.TEST


def test_allowing_anew_counts_from_then_on(in_test_mode: Organization, acme: Agency, says: Hms) -> None:
    rehearsals.allow(agency_id=acme.pk, seconds=600)
    says.of(in_test_mode).ends(600)
    sync.sync(in_test_mode.pk, terms=PER_SECOND)
    rehearsals.allow(agency_id=acme.pk, seconds=600)
    assert take(in_test_mode) == 600


def test_live_payments_need_no_such_leave(in_test_mode: Organization, acme: Agency) -> None:
    StripeConnection.objects.update(livemode=True)
    assert take(in_test_mode) == 1800


def test_more_than_a_hundred_hours_are_no_test(in_test_mode: Organization, acme: Agency) -> None:
    with pytest.raises(rehearsals.TooMuch):
        rehearsals.allow(agency_id=acme.pk, seconds=360_001)
