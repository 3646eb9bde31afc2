"""Statement, calls and receipts: every line explains itself, and is nobody else's."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import LedgerEntry
from calls.models import Call, Hold
from tenancy import door
from tests.support.portal import HTMX, Portal, text_of

pytestmark = pytest.mark.django_db
Kind = LedgerEntry.Kind


def test_a_call_says_with_whom_when_how_long_and_what_it_took(portal: Portal) -> None:
    ben = portal.person(credit=6000)
    portal.call(ben, 204, direction="outbound", customer_number="+31201234112")
    page = ben.sees("/statement/")
    assert "Call to +31 2 ••• 4112" in page
    assert "· 3 min 24 s · Front desk" in page
    assert "−3.40" in page
    assert "Balance after: 96.60" in page


def test_no_full_number_is_ever_shown(portal: Portal) -> None:
    ben = portal.person(credit=6000)
    call = portal.call(ben, customer_number="+31612347788")
    for path in ("/", "/statement/", "/calls/", f"/calls/{call.pk}/"):
        assert b"612347788" not in ben.get(path).content


def test_a_purchase_says_what_was_paid_and_leads_to_its_page(portal: Portal) -> None:
    ben = portal.person()
    bought = portal.purchase(ben)
    answer = ben.get("/statement/")
    assert "Bought 100 credits" in text_of(answer)
    assert "€ 40.00 · Starter" in text_of(answer)
    assert "+100.00" in text_of(answer)
    assert f'href="/purchases/{bought.pk}/"'.encode() in answer.content


@pytest.mark.parametrize(
    ("seconds", "kind", "words"),
    [
        (600, Kind.ALLOCATION, "Added by Acme Voice"),
        (-600, Kind.ALLOCATION, "Taken back by Acme Voice"),
        (-600, Kind.REFUND, "Credits of a refund taken back"),
        (-600, Kind.DISPUTE, "Credits of a disputed payment taken back"),
        (600, Kind.DISPUTE_WON, "Disputed payment settled"),
        (600, Kind.WELCOME, "Welcome credits"),
        (-600, Kind.EXPIRY, "Credits expired"),
    ],
)
def test_every_other_movement_is_named_with_its_reason(portal: Portal, seconds: int, kind: Kind, words: str) -> None:
    ben = portal.person(credit=6000)
    portal.post(ben, seconds, kind, reason="Because <b>we</b> agreed")
    page = ben.sees("/statement/")
    assert words in page
    assert "“Because &lt;b&gt;we&lt;/b&gt; agreed”" in page


def test_every_kind_of_entry_has_words(portal: Portal) -> None:
    ben = portal.person()
    for kind in Kind:
        down = kind in (Kind.DISPUTE, Kind.EXPIRY, Kind.REFUND, Kind.TEST_REVERSAL, Kind.USAGE)
        portal.post(ben, -60 if down else 60, kind)
    assert ben.sees("/statement/")


def test_a_correction_names_its_call(portal: Portal) -> None:
    ben = portal.person(credit=6000)
    call = portal.call(ben, 60, corrections=1)
    portal.post(ben, -5, Kind.USAGE_CORRECTION, "hms", f"{call.hms_id}#1")
    answer = ben.get("/statement/")
    assert "Correction: Call from +31 6 ••• 7788" in text_of(answer)
    assert answer.content.count(f"/calls/{call.pk}/".encode()) == 2


def test_an_entry_of_test_mode_says_so(portal: Portal) -> None:
    ben = portal.person()
    portal.post(ben, 60, Kind.WELCOME, livemode=False)
    assert "· test" in ben.sees("/statement/")


def test_the_statement_is_read_page_by_page_newest_first(portal: Portal) -> None:
    ben = portal.person()
    for number in range(1, 121):
        portal.post(ben, 60, Kind.WELCOME, reason=f"No {number}!")
    first, middle, last = (text_of(ben.get(f"/statement/{query}")) for query in ("", "?before=71", "?before=21"))
    assert "No 120!" in first
    assert "No 71!" in first
    assert "No 70!" not in first
    assert "No 70!" in middle
    assert "No 21!" in middle
    assert "No 20!" in last
    assert "No 1!" in last
    assert ("Newer" in first, "Older" in last) == (False, False)
    assert b'href="?before=71"' in ben.get("/statement/?before=21").content
    assert b'href="?before=21"' in ben.get("/statement/?before=71").content


@pytest.mark.parametrize("before", ["x", "-1", "1.5", "²", "9" * 30])
def test_a_page_that_cannot_be_is_not_found(portal: Portal, before: str) -> None:
    assert portal.person().get("/statement/", data={"before": before}).status_code == 404


def test_a_full_page_of_the_statement_costs_no_more_than_a_short_one(portal: Portal) -> None:
    ben = portal.person(credit=60_000)
    portal.call(ben)
    portal.purchase(ben)
    with CaptureQueriesContext(connection) as short:
        ben.get("/statement/")
    for _number in range(20):
        portal.call(ben)
        portal.purchase(ben)
    with CaptureQueriesContext(connection) as long:
        ben.get("/statement/")
    # Two of them when the host is not known yet.
    assert max(len(short), len(long)) <= 12


def test_an_empty_statement_teaches(portal: Portal) -> None:
    assert "Every purchase, call and correction will stand here" in portal.person().sees("/statement/")


def test_one_clients_lines_are_not_anothers(portal: Portal) -> None:
    ben, bob = portal.person("ben", credit=6000), portal.person("bob")
    portal.call(ben, assistant_name="Ben's own desk")
    for path in ("/", "/statement/", "/calls/"):
        assert "Ben's own desk" not in bob.sees(path)
        assert "Ben's own desk" in ben.sees(path)


def test_calls_are_listed_with_what_each_took_and_how_it_ended(portal: Portal) -> None:
    ben = portal.person(credit=6000)
    portal.call(ben, 65)
    portal.call(ben, None, status="failed", direction="outbound", billed_seconds=0, started_at=None)
    portal.call(ben, 12, direction="web", customer_number="")
    page = ben.sees("/calls/")
    assert "−1.08" in page
    assert "Not connected" in page
    assert "Web call" in page


def test_calls_are_read_page_by_page(portal: Portal) -> None:
    ben = portal.person(credit=60_000)
    for number in range(32):
        portal.call(ben, 60, assistant_name=f"Desk {number}!")
    first = ben.get("/calls/")
    assert "· Desk 31!" in text_of(first)
    assert "· Desk 1!" not in text_of(first)
    older = first.content.decode().split('rel="next" href="')[1].split('"')[0]
    page = ben.sees(f"/calls/{older}")
    assert "· Desk 1!" in page
    assert "Newer" in page


def test_a_receipt_says_talked_billed_rule_credits_and_the_balance_after(portal: Portal) -> None:
    ben = portal.person(credit=13_140)
    call = portal.call(ben, 65, billed_seconds=120, rounding=Call.Rounding.MINUTE, end_reason="user_hangup")
    page = ben.sees(f"/calls/{call.pk}/")
    for words in ("Talked 1 min 05 s", "Billed (per started minute) 2 min", "−2.00", "Balance after 217.00"):
        assert words in page
    assert "Ended by the caller" in page


def test_a_receipt_shows_what_was_held_and_that_it_was_released(portal: Portal) -> None:
    ben = portal.person(credit=6000)
    call = portal.running_call(ben, held=120)
    assert "Held for this call 2.00" in ben.sees(f"/calls/{call.pk}/")
    with door.enter(portal.agency):
        Hold.objects.update(released_at=call.placed_at)
        Call.objects.update(booked_at=call.placed_at, measured_seconds=0, billed_seconds=0, status="ended")
    assert "Held while it ran 2.00 credits , free again" in ben.sees(f"/calls/{call.pk}/")


def test_a_receipt_follows_its_call_until_it_is_counted(portal: Portal) -> None:
    ben = portal.person(credit=6000)
    call = portal.running_call(ben)
    part = ben.get(f"/calls/{call.pk}/", headers=HTMX)
    assert b"every 2s" in part.content
    assert b"<html" not in part.content
    assert "Not counted yet" in text_of(part)
    assert b"every 2s" not in ben.get(f"/calls/{portal.call(ben).pk}/").content


def test_corrections_stand_on_the_receipt(portal: Portal) -> None:
    ben = portal.person(credit=6000)
    call = portal.call(ben, 60, corrections=1)
    portal.post(ben, 6, Kind.USAGE_CORRECTION, "hms", f"{call.hms_id}#1")
    page = ben.sees(f"/calls/{call.pk}/")
    assert "Corrected, measured again +0.10" in page
    assert "Balance after 99.10" in page


def test_a_status_nobody_knows_yet_is_shown_as_it_is(portal: Portal) -> None:
    ben = portal.person()
    call = portal.call(ben, None, status="brand-new-word", billed_seconds=0)
    assert "Brand new word" in ben.sees(f"/calls/{call.pk}/")


def test_a_call_of_another_client_is_not_found(portal: Portal) -> None:
    ben, bob = portal.person("ben", credit=6000), portal.person("bob")
    call = portal.call(ben)
    assert bob.get(f"/calls/{call.pk}/").status_code == 404
    assert ben.get(f"/calls/{uuid.uuid4()}/").status_code == 404


@pytest.mark.parametrize("path", ["/statement/", "/calls/", "/buy/", "/purchases/", "/assistants/", "/calls/start/"])
def test_a_visitor_is_asked_to_sign_in_and_brought_back(portal: Portal, path: str) -> None:
    answer: Any = portal.visitor().get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/account/login/?next={path}"
