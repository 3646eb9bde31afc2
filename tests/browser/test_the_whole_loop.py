"""The story that everything is for, in a real browser: an agency opens its portal, a client buys and calls."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.chromium import Watched
from tests.support.live import Live, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.flow, pytest.mark.xdist_group("live")]
PASSWORD = "a long enough password"


def code_for(live: Live, address: str) -> str:
    mail = live.mail_to(address)
    found = re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", mail["text"], re.MULTILINE)
    assert found, mail["text"]
    return found[1]


def balance(page: Page) -> int:
    """The balance on a client's first page, in seconds."""
    return int(page.locator("[data-balance]").get_attribute("data-balance") or "")


def send(page: Page, **fields: str) -> None:
    """Fill in fields by name and send their form."""
    for name, value in fields.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator(f"form:has([name={next(iter(fields))}]) .ui-form-actions button[type=submit]").first.click()


def open_the_portal(live: Live, page: Page) -> None:
    hms = live.sandbox("POST", "hms/organizations", name="Olga BV", minutes=1000)
    stripe = live.sandbox("POST", "stripe/accounts", business_name="Harbour Voice")
    page.goto(live.address("", "/account/signup/"))
    page.locator("[name=company]").fill("Harbour Voice")
    send(page, email="olga@harbour.test", password1=PASSWORD)
    send(page, code=code_for(live, "olga@harbour.test"))
    page.wait_for_url(re.compile(r"/agencies/harbour-voice/"))

    page.goto(dashboard(live, "hms/"))
    send(page, api_key=hms["api_key"])
    expect(page.get_by_text("Olga BV").first).to_be_visible()

    page.goto(dashboard(live, "payments/"))
    send(page, publishable_key=stripe["publishable_key"], secret_key=stripe["secret_key"])
    page.get_by_role("button", name="Set it up for me").click()
    expect(page.locator("summary", has_text="Set it up anew")).to_be_visible()
    send(page, minutes="10")
    expect(page.locator("#test-calls")).to_contain_text("10 min")

    page.goto(dashboard(live, "packages/new/"))
    send(page, name="Starter", credits="100", price="40.00")
    page.wait_for_url(re.compile(r"/packages/$"))

    page.goto(dashboard(live, "set-up/"))
    page.get_by_role("switch").click()
    expect(page.get_by_role("heading", name="Your portal is on")).to_be_visible()


def schema(live: Live) -> str:
    return str(live.query("SELECT schema_name FROM agencies_agency WHERE slug = 'harbour-voice'")[0][0])


def dashboard(live: Live, path: str) -> str:
    return live.address("", f"/agencies/harbour-voice/{path}")


def sign_up_as_client(live: Live, page: Page) -> None:
    page.goto(live.address("harbour-voice", "/account/signup/"))
    send(page, name="Ben Baker", email="ben@bakery.test", password1=PASSWORD)
    send(page, code=code_for(live, "ben@bakery.test"))
    page.wait_for_url(live.address("harbour-voice", "/"))
    assert balance(page) == 0


def buy(live: Live, page: Page) -> None:
    page.goto(live.address("harbour-voice", "/buy/"))
    page.get_by_role("button", name=re.compile("Starter")).click()
    page.wait_for_url(re.compile(r"/checkout/"))
    page.get_by_role("button", name=re.compile("^Pay")).first.click()
    page.wait_for_url(re.compile(r"harbour-voice\.portal\.localhost"))
    page.goto(live.address("harbour-voice", "/"))
    assert balance(page) == 6000


def call(live: Live, page: Page) -> int:
    """Place a call and wait for its end; the seconds it took."""
    live.sandbox("POST", "hms/settings", ring_seconds=0.2, talk_seconds_min=2, talk_seconds_max=3)
    page.goto(live.address("harbour-voice", "/"))
    page.get_by_role("link", name=re.compile("Start a call")).first.click()
    send(page, destination="+31201234567")
    page.get_by_role("button", name="Call now").click()
    page.wait_for_url(live.address("harbour-voice", "/"))
    page.goto(live.address("harbour-voice", "/"))
    ended = wait_for(lambda: ended_call(live))
    expect(page.locator("[data-balance]")).not_to_have_attribute("data-balance", "6000", timeout=15_000)
    seconds: int = ended["duration_seconds"]
    assert balance(page) == 6000 - seconds
    return seconds


def minutes_left(live: Live) -> float:
    """What the agency has left at HMS: the parent's own pool."""
    organizations = live.sandbox("GET", "hms/state")["organizations"]
    parent = next(one for one in organizations if one["name"] == "Olga BV" and one["parent_org_id"] is None)
    return float(parent["minutes_balance"])


def ended_call(live: Live) -> dict[str, int] | None:
    calls = live.sandbox("GET", "hms/state")["calls"]
    return next((call for call in calls if call["ended_at"] and call["direction"] == "outbound"), None)


def test_from_sign_up_to_the_first_debit(live: Live, browser: Browser) -> None:
    olga, ben = Watched(browser), Watched(browser)
    open_the_portal(live, olga.page)
    sign_up_as_client(live, ben.page)
    wait_for(lambda: live.query("SELECT 1 FROM organizations_organization WHERE state = 'ready'", schema=schema(live)))
    before = minutes_left(live)
    buy(live, ben.page)
    seconds = call(live, ben.page)

    ben.page.goto(live.address("harbour-voice", "/statement/"))
    statement = ben.page.locator("main").inner_text()
    assert "+100.00" in statement

    olga.page.goto(dashboard(live, "clients/"))
    olga.page.get_by_role("link", name="ben@bakery.test").first.click()
    send(olga.page, amount="10", description="Welcome")
    expect(olga.page.get_by_text("Welcome").first).to_be_visible()

    ben.page.goto(live.address("harbour-voice", "/"))
    assert balance(ben.page) == 6000 - seconds + 600
    assert minutes_left(live) < before
    assert not olga.complaints
    assert not ben.complaints
