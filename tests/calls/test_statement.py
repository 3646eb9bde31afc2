"""A line of the statement finds what is behind it, in as many queries for fifty lines as for one."""

from typing import Any

import pytest

from calls import statement
from calls.models import Call
from tenancy import door
from tests.support.portal import Person, Portal

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(portal: Portal) -> Person:
    return portal.person(credit=6000)


def test_a_line_knows_its_call_or_its_purchase_or_neither(portal: Portal, ben: Person) -> None:
    call, bought = portal.call(ben), portal.purchase(ben)
    with door.enter(portal.agency):
        lines = statement.page(ben.client.pk).lines
    assert [(line.call, line.purchase) for line in lines] == [(None, bought), (call, None), (None, None)]


def test_a_correction_knows_the_call_that_it_corrects(portal: Portal, ben: Person) -> None:
    call = portal.call(ben, corrections=1)
    portal.post(ben, -3, statement.Kind.USAGE_CORRECTION, "hms", f"{call.hms_id}#1")
    with door.enter(portal.agency):
        assert statement.page(ben.client.pk).lines[0].call == call


def test_pages_follow_one_another_without_gap_or_repetition(portal: Portal, ben: Person) -> None:
    for _number in range(6):
        portal.post(ben, 60, statement.Kind.WELCOME)
    before, seen = None, []
    with door.enter(portal.agency):
        while True:
            page = statement.page(ben.client.pk, before_version=before, limit=3)
            seen += [line.entry.version for line in page.lines]
            before = page.older_before
            if before is None:
                break
    assert seen == [7, 6, 5, 4, 3, 2, 1]


def test_a_page_takes_three_queries(portal: Portal, ben: Person, django_assert_num_queries: Any) -> None:
    for _number in range(3):
        portal.call(ben)
        portal.purchase(ben)
    with door.enter(portal.agency):
        Call.objects.first()
        with django_assert_num_queries(3):
            statement.page(ben.client.pk)


def test_the_entries_of_a_call_are_its_own(portal: Portal, ben: Person) -> None:
    call = portal.call(ben, 60, corrections=2)
    portal.call(ben, 90)
    portal.post(ben, -3, statement.Kind.USAGE_CORRECTION, "hms", f"{call.hms_id}#1")
    portal.post(ben, 5, statement.Kind.USAGE_CORRECTION, "hms", f"{call.hms_id}#2")
    with door.enter(portal.agency):
        assert [entry.amount for entry in statement.of_call(call)] == [-60, -3, 5]
