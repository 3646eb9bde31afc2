"""A part of the statement: a month with its balances, one kind of movement, a file, a sheet of paper."""

import csv
import io
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from billing import months
from billing.models import LedgerEntry
from calls import statement as statements
from portal import statements as pages
from tenancy import door
from tests.support.portal import Person, Portal, text_of

pytestmark = pytest.mark.django_db
Kind = LedgerEntry.Kind


def booked_at(portal: Portal, person: Person, *moments: datetime) -> None:
    """Let the person's entries have been booked at these moments, the oldest first."""
    with door.enter(portal.agency), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE billing_ledgerentry DISABLE TRIGGER USER")
        for version, moment in enumerate(moments, 1):
            entry = LedgerEntry.objects.filter(wallet_id=person.client.pk, version=version)
            entry.update(created_at=moment, event_at=moment)
        cursor.execute("ALTER TABLE billing_ledgerentry ENABLE TRIGGER USER")


@pytest.fixture
def ben(portal: Portal) -> Person:
    """6000 seconds given two months ago; 600 more and a call of 204 last month; a correction of -6 this month."""
    ben = portal.person(credit=6000)
    portal.post(ben, 600, Kind.WELCOME, reason="Hello")
    call = portal.call(ben, 204, corrections=1)
    portal.post(ben, -6, Kind.USAGE_CORRECTION, "hms", f"{call.hms_id}#1")
    this = months.of(timezone.now())
    last, earlier = this.previous, this.previous.previous
    day = timedelta(days=1)
    booked_at(
        portal, ben, earlier.starts_at, last.starts_at, this.starts_at - timedelta(microseconds=1), this.starts_at
    )
    assert last.starts_at + day < this.starts_at
    return ben


def last_month() -> months.Month:
    return months.of(timezone.now()).previous


def rows(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode(), newline="")))


def test_a_month_shows_its_entries_with_opening_sums_and_closing(ben: Person) -> None:
    page = ben.sees(f"/statement/?month={last_month()}")
    for words in ("Balance at the start 100.00", "Added +10.00", "Taken −3.40", "Balance at the end 106.60"):
        assert words in page.replace(" credits ", " ")
    assert ("Welcome credits" in page, "Correction:" in page) == (True, False)


def test_months_follow_one_another_from_the_first_entry_to_now(ben: Person) -> None:
    month = last_month()
    content = ben.get(f"/statement/?month={month}&show=calls").content.decode()
    assert f'rel="prev" href="?month={month.previous}&amp;show=calls"' in content
    assert f'rel="next" href="?month={month.next}&amp;show=calls"' in content
    assert 'rel="prev"' not in ben.get(f"/statement/?month={month.previous}").content.decode()
    assert 'rel="next"' not in ben.get(f"/statement/?month={month.next}").content.decode()
    assert re.findall(r'<option value="(\d{4}-\d\d)"', content) == [str(month.next), str(month), str(month.previous)]


def test_the_closing_of_a_month_is_the_opening_of_the_next(ben: Person) -> None:
    month = last_month()
    assert "Balance at the start 106.60" in ben.sees(f"/statement/?month={month.next}")
    assert "Balance now 106.50" in ben.sees(f"/statement/?month={month.next}").replace(" credits ", " ")


@pytest.mark.parametrize(
    ("show", "shown"),
    [
        ("all", [1, 2, 3, 4]),
        ("in", [1, 2]),
        ("out", [3, 4]),
        ("calls", [3, 4]),
        ("given", [1, 2]),
        ("corrections", [4]),
        ("payments", []),
    ],
)
def test_a_kind_is_shown_alone_everywhere(ben: Person, show: str, shown: list[int]) -> None:
    assert [int(row["number"]) for row in rows(ben.get(f"/statement/csv/?show={show}"))] == shown
    assert ben.get(f"/statement/?show={show}").content.decode().count("ui-line-amount") == len(shown)
    sheet = ben.get(f"/statement/paper/?show={show}").content.decode()
    assert sheet.count('class="ui-sheet-what"') == len(shown)


def test_each_line_of_a_choice_keeps_the_balance_after_it(ben: Person) -> None:
    assert "−3.40 credits Balance after: 106.60" in ben.sees("/statement/?show=calls")


def test_a_choice_without_entries_says_how_to_go_on(ben: Person) -> None:
    page = ben.sees("/statement/?show=payments")
    assert "No movement fits this choice" in page
    assert "Show everything" in page


def test_a_choice_is_read_page_by_page_and_kept(portal: Portal) -> None:
    ben = portal.person()
    for number in range(1, 106):
        portal.post(ben, 60, Kind.WELCOME, reason=f"No {number}!")
        portal.post(ben, -60, Kind.EXPIRY)
    first = ben.get("/statement/?show=in").content.decode()
    assert ("No 105!" in first, "No 56!" in first, "No 55!" in first) == (True, True, False)
    assert 'rel="next" href="?show=in&amp;before=111"' in first
    assert "Credits expired" not in first
    second = ben.get("/statement/?show=in&before=111").content.decode()
    assert ("No 55!" in second, "No 6!" in second, "No 5!" in second) == (True, True, False)
    assert 'rel="prev" href="?show=in"' in second
    third = ben.get("/statement/?show=in&before=11").content.decode()
    assert 'rel="prev" href="?show=in&amp;before=111"' in third
    assert 'rel="next"' not in third


@pytest.mark.parametrize(
    "query", ["month=2026-13", "month=x", "month=%00", "show=x", "show=ALL", "before=-1", "after=x", "month=9999-12"]
)
@pytest.mark.parametrize("path", ["/statement/", "/statement/paper/", "/statement/csv/"])
def test_what_cannot_be_asked_is_not_found(portal: Portal, path: str, query: str) -> None:
    assert portal.person().get(f"{path}?{query}").status_code == 404


def test_the_file_is_an_attachment_that_nobody_keeps_or_guesses_at(ben: Person) -> None:
    answer = ben.get(f"/statement/csv/?month={last_month()}&show=calls")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="statement-ben-{last_month()}-calls.csv"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"]


def test_the_file_adds_up_to_the_second(ben: Person) -> None:
    found = rows(ben.get("/statement/csv/"))
    assert [int(row["seconds"]) for row in found] == [6000, 600, -204, -6]
    assert [int(row["balance_seconds"]) for row in found] == [6000, 6600, 6396, 6390]
    assert all(datetime.fromisoformat(row["booked_at"]).utcoffset() is not None for row in found)
    assert found[2]["what"] == "Call from +31 6 ••• 7788"


def test_the_file_is_read_some_lines_at_a_time(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "LINES_AT_A_TIME", 2)
    monkeypatch.setattr(pages, "_LINES_A_CHUNK", 3)
    ben = portal.person()
    for _number in range(7):
        portal.post(ben, 60, Kind.WELCOME)
    answer = ben.get("/statement/csv/")
    chunks = [chunk.count(b"\r\n") for chunk in answer.streaming_content]
    assert chunks == [3, 3, 2]


def test_what_is_booked_while_the_file_is_sent_is_not_in_it(portal: Portal) -> None:
    ben = portal.person(credit=600)
    answer = ben.get("/statement/csv/")
    portal.post(ben, 60, Kind.WELCOME)
    assert len(rows(answer)) == 1


def test_the_sheet_names_agency_client_period_and_both_balances(ben: Person) -> None:
    page = ben.sees(f"/statement/paper/?month={last_month()}")
    for words in ("Acme Voice", "Ben", pages.month_name(last_month()), "Balance at the start 100.00"):
        assert words in page
    assert "Balance at the end 106.60" in page
    assert page.index("Welcome credits") < page.index("Call from")


def test_a_long_sheet_comes_in_parts_that_carry_the_balance(ben: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "LINES_A_SHEET", 3)
    first, second = ben.get("/statement/paper/"), ben.get("/statement/paper/?after=3")
    assert b'href="?after=3"' in first.content
    assert "Carried over to the next part 106.60" in text_of(first)
    assert "Balance at the end" not in text_of(first)
    assert "Carried over 106.60" in text_of(second)
    assert "Balance at the end 106.50" in text_of(second)


def test_an_empty_statement_is_a_sheet_and_a_file_as_well(portal: Portal) -> None:
    bob = portal.person("bob")
    assert "Balance at the end 0.00" in bob.sees("/statement/paper/")
    assert rows(bob.get("/statement/csv/")) == []


def test_a_file_holds_one_clients_lines_alone(portal: Portal, ben: Person) -> None:
    bob = portal.person("bob", credit=60)
    assert [row["seconds"] for row in rows(bob.get("/statement/csv/"))] == ["60"]
    assert len(rows(ben.get("/statement/csv/"))) == 4


def test_a_portal_that_is_off_still_gives_what_was_paid(portal: Portal, ben: Person) -> None:
    portal.switch(on=False)
    assert len(rows(ben.get("/statement/csv/"))) == 4
    assert "Acme Voice" in ben.sees("/statement/paper/")


@pytest.mark.parametrize(
    ("amount", "kind", "fields", "words", "shows"),
    [
        (-60, Kind.EXPIRY, {"reason": "Starter"}, "Credits expired", {"out", "expired"}),
        (-60, Kind.TEST_REVERSAL, {}, "Test credits removed", {"out", "corrections"}),
        (60, Kind.TEST_REVERSAL, {}, "Credits of test calls given back", {"in", "corrections"}),
        (60, Kind.WELCOME, {}, "Welcome credits", {"in", "given"}),
        (-60, Kind.REVERSAL, {"reason": "Wrong"}, "Undone: Added by Acme Voice", {"out", "given", "corrections"}),
    ],
)
def test_each_kind_is_told_in_words_and_found_by_its_choices(
    portal: Portal, amount: int, kind: LedgerEntry.Kind, fields: dict[str, str], words: str, shows: set[str]
) -> None:
    person = portal.person()
    portal.post(person, 6000, Kind.ALLOCATION, reason="A gift")
    key = {"source": "ledger", "source_id": f"{person.client.pk}/1"} if kind is Kind.REVERSAL else {}
    portal.post(person, amount, kind, **key, **fields)
    found = {show for show in statements.Show if words in person.sees(f"/statement/?show={show.value}")}
    assert {show.value for show in found} == shows | {"all"}
    assert fields.get("reason", "") in person.sees("/statement/")
