"""The pace is what was billed for each day since the first call, and says how long the rest lasts."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from calls import spending
from calls.spending import Spending
from tenancy import door
from tests.support.portal import Person, Portal

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 1)


def spent(*seconds: int) -> Spending:
    return Spending([(DAY + timedelta(days=number), used) for number, used in enumerate(seconds)], calls=1)


@pytest.mark.parametrize(
    ("seconds", "available", "days"),
    [
        ((60, 60, 60, 60), 600, 10),
        ((0, 0, 0, 60), 600, 10),
        ((0, 60, 0, 0), 600, 30),
        ((60,), 59, 0),
        ((0, 0), 600, None),
        ((60,), 0, None),
        ((60,), -5, None),
    ],
)
def test_the_rest_lasts_as_long_as_the_pace_since_the_first_call(
    seconds: tuple[int, ...], available: int, days: int | None
) -> None:
    assert spent(*seconds).days_left(available) == days


@pytest.fixture
def ben(portal: Portal) -> Person:
    return portal.person(credit=60_000)


def test_each_call_counts_on_the_day_it_was_placed(portal: Portal, ben: Person) -> None:
    now = timezone.now()
    for days_ago in (0, 1, 1, 13, 20):
        at = now - timedelta(days=days_ago)
        portal.call(ben, 60, ended_at=at, placed_at=at)
    with door.enter(portal.agency):
        found = spending.of(ben.client.pk)
    assert [used for _day, used in found.days] == [60, *[0] * 11, 120, 60]
    assert (found.calls, found.seconds, found.days[-1][0]) == (4, 240, timezone.localdate())


def test_nobody_elses_calls_count(portal: Portal, ben: Person) -> None:
    portal.call(ben, 60)
    bob = portal.person("bob")
    with door.enter(portal.agency):
        assert spending.of(bob.client.pk).seconds == 0
