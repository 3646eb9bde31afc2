"""The first page: for a visitor who this is and how to begin, for a client the balance and what is going on."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Visitor
from django.utils import timezone
from django.utils.formats import date_format

from agencies.models import Agency
from billing import wallets
from billing.models import LedgerEntry
from calls.models import Call, Hold
from organizations.models import Organization
from tenancy import door
from tests.support import credits
from tests.support.portal import HTMX, Portal, text_of
from vault.models import StripeConnection

pytestmark = pytest.mark.django_db


def address_of_the_poll(answer: Any) -> str:
    return re.search(r'id="going"[^>]*hx-get="([^"]+)"', answer.content.decode())[1].replace("&amp;", "&")


def pause(answer: Any) -> str:
    return re.search(r'id="going"[^>]*hx-trigger="every (\d+)s"', answer.content.decode())[1]


def test_a_visitor_reads_who_this_is_what_it_costs_and_how_to_begin(portal: Portal) -> None:
    portal.package(price_minor=4000)
    page = text_of(portal.visitor().get("/"))
    assert "Acme Voice answers and makes calls" in page
    assert "€ 40.00" in page
    assert "€ 0.40 per credit" in page
    assert "Sign up" in page
    assert "Sign in" in page


def test_without_packages_no_prices_are_announced(portal: Portal) -> None:
    assert "Prices" not in text_of(portal.visitor().get("/"))


def test_the_balance_says_what_it_means_and_what_is_held(portal: Portal) -> None:
    ben = portal.person(credit=12_876)
    portal.running_call(ben, held=300)
    page = ben.sees("/")
    assert "214 .60" in page
    assert "credits · 214 min 36 s of calls · as of" in page
    assert "5.00 held by 1 call" in page


def test_a_running_call_shows_its_time_and_what_is_left(portal: Portal) -> None:
    ben = portal.person(credit=12_876)
    portal.running_call(ben, held=600)
    page = ben.sees("/")
    assert "Call from +31 6 ••• 7788" in page
    assert re.search(r"01:0[12]", page)
    assert re.search(r"up to 9 min 2\d s left", page)


def test_something_going_on_is_asked_about_every_second_and_nothing_every_fifteen(portal: Portal) -> None:
    ben = portal.person(credit=6000)
    assert pause(ben.get("/")) == "15"
    portal.running_call(ben)
    assert pause(ben.get("/")) == "1"


def test_a_call_that_ends_takes_the_balance_down_on_the_open_page(portal: Portal) -> None:
    ben = portal.person(credit=6000)
    call = portal.running_call(ben)
    poll = address_of_the_poll(ben.get("/"))
    with door.enter(portal.agency):
        Hold.objects.update(released_at=call.placed_at)
        wallets.give_back(ben.client.pk, 600)
        Call.objects.update(status="ended", booked_at=call.placed_at, measured_seconds=204, billed_seconds=204)
    portal.post(ben, -204, LedgerEntry.Kind.USAGE, "hms", call.hms_id)
    answer = ben.get(poll, headers=HTMX)
    assert b'id="balance-now" hx-swap-oob="true"' in answer.content
    assert b'data-balance="5796"' in answer.content
    assert "Your balance is now 96.60 credits." in text_of(answer)
    assert pause(answer) == "15"


def test_while_a_call_runs_only_its_time_is_sent(portal: Portal) -> None:
    ben = portal.person(credit=6000)
    portal.running_call(ben)
    answer = ben.get(address_of_the_poll(ben.get("/")), headers=HTMX)
    assert b"01:0" in answer.content
    assert b"balance-now" not in answer.content


def test_a_quiet_page_is_left_alone(portal: Portal) -> None:
    ben = portal.person(credit=6000)
    assert ben.get(address_of_the_poll(ben.get("/")), headers=HTMX).status_code == 204


def test_whoever_is_signed_out_meanwhile_gets_the_whole_page_anew(portal: Portal) -> None:
    for path in ("/?seen=1", "/calls/"):
        answer = portal.visitor().get(path, headers=HTMX)
        assert (answer.status_code, answer.headers.get("HX-Refresh")) == (204, "true")


def test_a_new_client_reads_that_calls_are_being_set_up_and_what_to_do(portal: Portal) -> None:
    ben = portal.person(is_ready=False)
    answer = ben.get("/")
    page = text_of(answer)
    assert "Your calls are being set up" in page
    assert "Nothing has happened yet" in page
    assert "1 minute of calls" in page
    assert pause(answer) == "1"


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (Organization.State.UNCLEAR, "takes longer than usual"),
        (Organization.State.SUSPENDED, "Calls are switched off for you at the moment"),
    ],
)
def test_an_organization_in_trouble_is_told_kindly(portal: Portal, state: str, sentence: str) -> None:
    ben = portal.person()
    with door.enter(portal.agency):
        Organization.objects.update(state=state)
    assert sentence in ben.sees("/")


def test_a_balance_below_zero_is_explained(portal: Portal) -> None:
    ben = portal.person(credit=60)
    portal.call(ben, 132)
    page = ben.sees("/")
    assert "−1 .20" in page
    assert "What you buy next covers that first." in page


def test_the_pace_says_how_long_the_balance_lasts(portal: Portal) -> None:
    ben = portal.person(credit=2000)
    portal.call(ben, 200)
    page = ben.sees("/")
    assert "9 days at your current pace" in page
    assert "4 minutes · 1 per day · 1 call" in page


def test_a_payment_on_its_way_is_not_forgotten(portal: Portal) -> None:
    ben = portal.person()
    bought = portal.purchase(ben, "pending", awaiting_bank=True)
    answer = ben.get("/")
    assert "A bank payment is on its way" in text_of(answer)
    assert f"/purchases/{bought.pk}/".encode() in answer.content


@pytest.mark.parametrize(("livemode", "is_said"), [(False, True), (True, False)])
def test_a_connection_in_test_mode_is_said_on_every_page(portal: Portal, livemode: bool, is_said: bool) -> None:
    StripeConnection.objects.create(agency=portal.agency, livemode=livemode)
    ben = portal.person()
    for path in ("/", "/statement/", "/buy/"):
        assert ("Test mode" in ben.sees(path)) == is_said
    assert ("Test mode" in text_of(portal.visitor().get("/"))) == is_said


def test_a_session_of_another_agency_is_worth_nothing(portal: Portal, globex: Agency) -> None:
    ben = portal.person(credit=6000)
    foreign = Visitor(HTTP_HOST="globex.portal.localhost")
    foreign.cookies = ben.visitor.cookies
    Agency.objects.filter(pk=globex.pk).update(portal_is_on=True, portal_on_since=globex.created_at)
    assert "Sign up" in text_of(foreign.get("/"))
    assert foreign.get("/statement/").status_code == 302


def test_the_first_page_costs_the_same_for_a_long_history(portal: Portal, django_assert_max_num_queries: Any) -> None:
    ben = portal.person(credit=60_000)
    for _number in range(12):
        portal.call(ben, 60)
    portal.running_call(ben)
    ben.get("/")
    with django_assert_max_num_queries(19):
        ben.get("/")


def test_credits_that_expire_are_announced_with_their_day(portal: Portal) -> None:
    ben = portal.person(credit=600)
    assert "Credits that expire" not in ben.sees("/")
    with door.enter(portal.agency):
        bought = credits.bought(ben.client, 6000, lifetime_days=30)
    ends = date_format(timezone.localtime(bought.paid_at + timedelta(days=30)), "j M Y")
    assert f"Credits that expire on {ends} 100.00" in ben.sees("/")
