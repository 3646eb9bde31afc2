"""The client's calls: chosen, paged, as a file, in figures."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.support.portal import Person, Portal, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(portal: Portal) -> Person:
    return portal.person(credit=60_000)


def titles(answer: Any) -> int:
    return int(answer.content.count(b'class="ui-line is-link"'))


def rows_of(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


def test_calls_are_chosen_by_direction_outcome_assistant_and_words(portal: Portal, ben: Person) -> None:
    portal.call(ben, direction="outbound", assistant_name="Sales")
    portal.call(ben, status="failed")
    portal.call(ben, customer_number="+4930111222")
    for query, number in (
        ("", 3),
        ("direction=outbound", 1),
        ("outcome=not-connected", 1),
        ("assistant=Sales", 1),
        ("search=111222", 1),
        ("period=7", 3),
        ("direction=sideways&outcome=none&period=never", 3),
    ):
        assert titles(ben.get(f"/calls/?{query}")) == number, query


def test_a_choice_that_fits_nothing_says_so_and_leads_back(portal: Portal, ben: Person) -> None:
    portal.call(ben)
    page = ben.get("/calls/?search=nowhere")
    assert "No call fits this choice." in text_of(page)
    assert b'value="nowhere"' in page.content


def test_a_month_without_calls_can_still_be_asked_for(portal: Portal, ben: Person) -> None:
    portal.call(ben)
    assert "January 2020" in ben.sees("/calls/?period=2020-01")


def test_pages_keep_the_choice(portal: Portal, ben: Person) -> None:
    for _number in range(31):
        portal.call(ben, 1)
    portal.call(ben, 1, direction="outbound")
    first = ben.get("/calls/?direction=inbound")
    assert titles(first) == 30
    older = first.context["older"]
    assert "direction=inbound" in older
    second = ben.get(f"/calls/{older}")
    assert titles(second) == 1
    assert second.context["newer"] == "?direction=inbound"


def test_a_full_page_costs_no_more_queries_than_a_short_one(portal: Portal, ben: Person) -> None:
    portal.call(ben)
    ben.get("/calls/")
    with CaptureQueriesContext(connection) as short:
        ben.get("/calls/")
    for _number in range(20):
        portal.call(ben)
    with CaptureQueriesContext(connection) as long:
        ben.get("/calls/")
    assert len(long) == len(short)


def test_the_file_holds_the_chosen_calls_with_masked_numbers(portal: Portal, ben: Person) -> None:
    portal.call(ben, 65, billed_seconds=90, rounding="30", direction="outbound", assistant_name='=HYPERLINK("x")')
    portal.call(ben, 30)
    answer = ben.get("/calls/csv/?direction=outbound")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    (row,) = rows_of(answer)
    wanted = {"seconds_talked": "65", "seconds_billed": "90", "rounded_to_seconds": "30", "credits": "1.50"}
    assert {name: row[name] for name in wanted} == wanted
    assert row["number"] == "'+31 6 ••• 7788"
    assert row["assistant"] == '\'=HYPERLINK("x")'
    assert "client" not in row


def test_the_file_holds_every_call_however_many(portal: Portal, ben: Person, monkeypatch: Any) -> None:
    monkeypatch.setattr("agencies.call_log.ROWS_AT_A_TIME", 3)
    for _number in range(10):
        portal.call(ben, 1)
    rows = rows_of(ben.get("/calls/csv/"))
    assert len({row["reference"] for row in rows}) == 10


def test_a_call_that_is_not_counted_has_no_figures_in_the_file(portal: Portal, ben: Person) -> None:
    portal.running_call(ben)
    (row,) = rows_of(ben.get("/calls/csv/"))
    assert (row["seconds_talked"], row["seconds_billed"], row["credits"]) == ("", "", "")
    assert row["status"] == "Running"


def test_figures_stand_in_tables_beside_the_charts(portal: Portal, ben: Person) -> None:
    portal.call(ben, 90)
    page = ben.get("/calls/")
    assert b'data-value="1.5"' in page.content
    assert page.content.count(b"data-chart=") == 3
    assert "Average length 1 min 30 s" in text_of(page)


def test_figures_of_a_choice_are_of_its_calls_alone(portal: Portal, ben: Person) -> None:
    portal.call(ben, 90)
    portal.call(ben, 600, direction="outbound")
    assert "Time billed 1 min 30 s" in ben.sees("/calls/?direction=inbound")


def test_what_was_long_ago_is_listed_and_not_in_the_last_days(portal: Portal, ben: Person) -> None:
    portal.call(ben, 90, ended_at=timezone.now() - timedelta(days=50))
    page = ben.sees("/calls/")
    assert "Calls 0 Last 30 days" in page
    assert "Call from +31 6 ••• 7788" in page


def test_another_client_sees_nothing_of_it(portal: Portal, ben: Person) -> None:
    portal.call(ben, assistant_name="Secret desk")
    bob = portal.person("bob")
    for path in ("/calls/", "/calls/csv/", "/calls/?assistant=Secret+desk"):
        assert b"7788" not in bob.get(path).getvalue()
