"""The story that everything is for, in a real browser: an agency opens its portal, a client buys and calls."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.chromium import Watched
from tests.support.live import Live, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.flow, pytest.mark.xdist_group("live")]
PASSWORD = "a long enough password"
# To a portal that is live, and from there to the first payment.
FIELDS, PRESSES, PRESSES_TO_BUY = 10, 13, 3


def code_for(live: Live, address: str) -> str:
    mail = live.mail_to(address)
    found = re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", mail["text"], re.MULTILINE)
    assert found, mail["text"]
    return found[1]


def balance(page: Page) -> int:
    """The balance on a client's first page, in seconds."""
    return int(page.locator("[data-balance]").get_attribute("data-balance") or "")


class Hand:
    """What a person does at a window: every press and every field that is filled in counts."""

    def __init__(self, page: Page) -> None:
        self.page, self.presses, self.fields = page, 0, 0

    def press(self, what: Locator) -> None:
        what.click()
        self.presses += 1

    def follow(self, link: str) -> None:
        """Press the first link of this name."""
        self.press(self.page.get_by_role("link", name=link).first)

    def send(self, **fields: str) -> None:
        """Fill in fields by name and send their form."""
        for name, value in fields.items():
            self.page.locator(f"[name={name}]").fill(value)
        self.fields += len(fields)
        form = self.page.locator(f"form:has([name={next(iter(fields))}])")
        self.press(form.locator(".ui-form-actions button[type=submit]").first)


def send(page: Page, **fields: str) -> None:
    """Fill in fields by name and send their form."""
    Hand(page).send(**fields)


def open_the_portal(live: Live, page: Page) -> Hand:
    """From the first page to a portal that is on: nothing is typed but what is asked for, nowhere gone but by links."""
    hms = live.sandbox("POST", "hms/organizations", name="Olga BV", minutes=1000)
    stripe = live.sandbox("POST", "stripe/accounts", business_name="Harbour Voice")
    olga = Hand(page)
    page.goto(live.address("", "/"))
    olga.follow("Open your portal")
    olga.send(company="Harbour Voice", email="olga@harbour.test", password1=PASSWORD)
    olga.send(code=code_for(live, "olga@harbour.test"))
    page.wait_for_url(re.compile(r"/agencies/harbour-voice/set-up/"))

    olga.follow("Connect HMS key")
    olga.send(api_key=hms["api_key"])
    expect(page.get_by_text("Olga BV").first).to_be_visible()

    olga.follow("Payments")
    olga.send(publishable_key=stripe["publishable_key"], secret_key=stripe["secret_key"])
    olga.press(page.get_by_role("button", name="Set it up for me"))
    expect(page.locator("summary", has_text="Set it up anew")).to_be_visible()

    olga.follow("Packages")
    olga.follow("Create a package")
    olga.send(name="Starter", credits="100", price="40.00")
    page.wait_for_url(re.compile(r"/packages/$"))

    olga.follow("Set up")
    olga.press(page.get_by_role("switch"))
    expect(page.get_by_role("heading", name="Your portal is on")).to_be_visible()
    return olga


def let_clients_call(live: Live, page: Page) -> None:
    """Test credits are nobody's money, but the minutes are Olga's: she says how many may be used."""
    page.goto(dashboard(live, "payments/"))
    send(page, minutes="10")
    expect(page.locator("#test-calls")).to_contain_text("10 min")


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
    ben = Hand(page)
    page.goto(live.address("harbour-voice", "/"))
    ben.follow("Buy credits")
    ben.press(page.get_by_role("button", name=re.compile("Starter")))
    page.wait_for_url(re.compile(r"/checkout/"))
    ben.press(page.get_by_role("button", name=re.compile("^Pay")).first)
    page.wait_for_url(re.compile(r"harbour-voice\.portal\.localhost"))
    assert (ben.presses, ben.fields) == (PRESSES_TO_BUY, 0)
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
    opened = open_the_portal(live, olga.page)
    assert (opened.fields, opened.presses) == (FIELDS, PRESSES)
    let_clients_call(live, olga.page)
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
