"""What is going on: calls that run or are being counted, how long they may run, what a next one may cost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calls import going_on, holds
from tenancy import door
from tests.support.portal import Person, Portal

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(portal: Portal) -> Person:
    return portal.person(credit=6000)


def look(portal: Portal, person: Person) -> list[going_on.GoingOn]:
    with door.enter(portal.agency):
        return going_on.look(person.client.pk, now=timezone.now())


def test_a_running_call_knows_its_time_and_what_is_left(portal: Portal, ben: Person) -> None:
    call = portal.running_call(ben, held=600)
    [found] = look(portal, ben)
    assert (found.call, found.is_over, found.longest_seconds) == (call, False, 600 + holds.GRACE_SECONDS)
    assert 61 <= (found.elapsed_seconds or 0) < 70
    assert found.left_seconds + (found.elapsed_seconds or 0) == found.longest_seconds


def test_before_somebody_answers_no_time_runs(portal: Portal, ben: Person) -> None:
    portal.running_call(ben, status="ringing", started_at=None)
    assert look(portal, ben)[0].elapsed_seconds is None


def test_a_call_that_is_over_stays_until_it_is_counted(portal: Portal, ben: Person) -> None:
    portal.running_call(ben, status="ended", ended_at=timezone.now())
    assert look(portal, ben)[0].is_over
    portal.call(ben)
    assert len(look(portal, ben)) == 1


def test_a_call_that_was_never_said_to_be_over_is_forgotten(portal: Portal, ben: Person) -> None:
    portal.running_call(ben, placed_at=timezone.now() - timedelta(hours=5))
    assert look(portal, ben) == []


def test_nobody_elses_calls_are_shown(portal: Portal, ben: Person) -> None:
    portal.running_call(ben)
    assert look(portal, portal.person("bob")) == []


@pytest.mark.parametrize(
    ("available", "maximum", "most"),
    [(6000, None, 1830), (6000, 300, 330), (600, None, 630), (30, 300, 60), (29, None, 0), (-5, None, 0)],
)
def test_a_call_costs_at_most_what_is_held_for_it_and_the_grace(available: int, maximum: int | None, most: int) -> None:
    assert going_on.costs_at_most(available, assistant_maximum=maximum) == most
