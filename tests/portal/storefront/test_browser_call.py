"""A call in the browser: the same hold, a token on one page alone, and a policy that names the call server alone."""

import re
from typing import Any

import pytest
from django.utils import timezone

from billing import wallets
from calls import booking, listing, sync
from calls.models import Call, Hold
from organizations import hms
from organizations.models import Organization
from portal.storefront import browser_call
from tenancy import door
from tests.support.hms_says import PER_SECOND
from tests.support.portal import Person, Portal, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(portal: Portal) -> Person:
    return portal.person(credit=6000)


def filled(person: Person) -> dict[str, str]:
    page = person.get("/calls/browser/").content.decode()
    return {
        "assistant": re.findall(r'<option value="([^"]+)"', page)[0],
        "form_token": re.findall(r'name="form_token" value="([^"]+)"', page)[0],
    }


def policy(answer: Any) -> dict[str, str]:
    parts = [each.strip().partition(" ") for each in answer.headers["Content-Security-Policy"].split(";")]
    return {name: values for name, _space, values in parts}


def test_the_page_of_the_call_holds_the_token_and_may_hear(portal: Portal, ben: Person) -> None:
    assert "Costs at most 30.50" in ben.sees("/calls/browser/")
    usual = policy(ben.get("/calls/"))
    page = ben.post("/calls/browser/", filled(ben))
    assert b'data-server="wss://calls.test"' in page.content
    assert b'data-token="lk_secret"' in page.content
    assert page.headers["Cache-Control"] == "no-store"
    assert "microphone=(self)" in page.headers["Permissions-Policy"]
    assert policy(page) == usual | {"connect-src": "'self' wss://calls.test https://calls.test"}


def test_no_other_page_may_hear_or_speak_to_the_server(ben: Person) -> None:
    ben.post("/calls/browser/", filled(ben))
    for path in ("/", "/calls/", "/calls/browser/"):
        answer = ben.get(path)
        assert "microphone=()" in answer.headers["Permissions-Policy"]
        assert "calls.test" not in answer.headers["Content-Security-Policy"]
        assert b"lk_secret" not in answer.content


def test_time_is_set_aside_and_the_call_finds_its_hold_in_the_list(portal: Portal, ben: Person) -> None:
    ben.post("/calls/browser/", filled(ben))
    assert portal.says.bodies[-1]["assistant_override"] == {"max_duration_seconds": 1830}
    with door.enter(portal.agency):
        assert wallets.get(ben.client.pk).held == 1800
        organization = Organization.objects.get(client=ben.client)
        with hms.for_organization(organization) as client:
            told = listing.read(client, organization, start=organization.wanted_at, now=timezone.now())
        booking.book(organization=organization, told=told, terms=PER_SECOND, asked_at=timezone.now())
        assert Hold.objects.get().hms_call_id == Call.objects.get().hms_id


def test_a_call_that_nobody_could_join_gives_its_time_back(portal: Portal, ben: Person) -> None:
    ben.post("/calls/browser/", filled(ben))
    with door.enter(portal.agency):
        organization = Organization.objects.get(client=ben.client)
        org = portal.says.of(organization)
        (call_id,) = org.calls
        org.calls[call_id] |= {"status": "failed", "duration_seconds": None}
        sync.sync(organization.pk, terms=PER_SECOND)
        assert (wallets.get(ben.client.pk).held, wallets.get(ben.client.pk).balance) == (0, 6000)


def test_a_call_that_never_shows_in_the_list_gives_its_time_back_when_it_has_expired(
    portal: Portal, ben: Person
) -> None:
    ben.post("/calls/browser/", filled(ben))
    with door.enter(portal.agency):
        organization = Organization.objects.get(client=ben.client)
        portal.says.of(organization).calls.clear()
        sync.sync(organization.pk, terms=PER_SECOND)
        assert wallets.get(ben.client.pk).held == 1800
        Hold.objects.update(expires_at=timezone.now())
        sync.sync(organization.pk, terms=PER_SECOND)
        assert wallets.get(ben.client.pk).held == 0


def test_a_call_by_telephone_does_not_take_the_hold_of_one_in_the_browser(portal: Portal, ben: Person) -> None:
    ben.post("/calls/browser/", filled(ben))
    with door.enter(portal.agency):
        organization = Organization.objects.get(client=ben.client)
        org = portal.says.of(organization)
        org.calls.clear()
        org.has(status="in-progress", direction="inbound", caller_phone="web")
        with hms.for_organization(organization) as client:
            told = listing.read(client, organization, start=organization.wanted_at, now=timezone.now())
        booking.book(organization=organization, told=told, terms=PER_SECOND, asked_at=timezone.now())
        assert Hold.objects.get().hms_call_id == ""


def test_the_same_form_opens_one_call(portal: Portal, ben: Person) -> None:
    form = filled(ben)
    ben.post("/calls/browser/", form)
    assert ben.post("/calls/browser/", form).headers["Location"] == "/calls/"
    assert portal.says.requests.count("POST /hms/v1/web-calls") == 1


def test_a_refusal_gives_the_time_back_and_can_be_tried_again(portal: Portal, ben: Person) -> None:
    portal.says.refuses("POST /hms/v1/web-calls", 402)
    refused = ben.post("/calls/browser/", filled(ben))
    assert "Calls are not possible at the moment." in text_of(refused)
    with door.enter(portal.agency):
        assert wallets.get(ben.client.pk).held == 0
    again = re.findall(r'name="form_token" value="([^"]+)"', refused.content.decode())[0]
    assert b"lk_secret" in ben.post("/calls/browser/", filled(ben) | {"form_token": again}).content


def test_without_credits_no_call_is_opened(portal: Portal) -> None:
    zoe = portal.person("zoe", credit=20)
    assert "You need credits for a call" in zoe.sees("/calls/browser/")
    zoe.post("/calls/browser/", {"assistant": "x"})
    assert "POST /hms/v1/web-calls" not in portal.says.requests


@pytest.mark.parametrize(
    "named",
    [
        "wss://calls.test; script-src *",
        "wss://calls.test script-src",
        "wss://*",
        "wss://user@calls.test",
        "javascript:alert(1)",
        "wss://",
        "//calls.test",
        "ws://calls.test",
        "wss://calls.test,evil.test",
    ],
)
def test_an_address_that_is_no_call_server_reaches_no_header(
    portal: Portal, ben: Person, settings: Any, named: str
) -> None:
    form = filled(ben)
    settings.HMS_API_URL = "https://hms.test/hms/api/v1"
    portal.says.call_server = named
    answer = ben.post("/calls/browser/", form)
    assert answer.headers["Location"] == "/calls/"
    assert "cannot be joined from a browser" in ben.sees("/calls/")


def test_a_path_and_a_port_are_kept_out_of_the_policy(settings: Any) -> None:
    assert browser_call.origins("wss://calls.test:7880/rtc?x=y") == ("wss://calls.test:7880", "https://calls.test:7880")
    assert browser_call.origins("https://calls.test") == ("wss://calls.test", "https://calls.test")
    settings.HMS_API_URL = "http://localhost:1/hms/api/v1"
    assert browser_call.origins("ws://localhost:8001/livekit") == ("ws://localhost:8001", "http://localhost:8001")
