"""A domain from its claim to its release, while its owner looks on: the sandbox's DNS is asked over real sockets."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support import screenshots
from tests.support.chromium import Watched
from tests.support.live import Live

pytestmark = [pytest.mark.browser, pytest.mark.flow, pytest.mark.xdist_group("live")]
NAME = "portal.looking-on.example"


@pytest.fixture
def address_page(live: Live, browser: Browser) -> Iterator[Page]:
    live.manage("demo")
    window = Watched(browser)
    screenshots.sign_in(window.page, live.address("", "/account/login/"), screenshots.OWNER)
    window.page.goto(live.address("", "/agencies/harbour/address/"))
    yield window.page
    assert window.complaints == []
    window.close()


def test_a_record_that_is_found_shows_by_itself_and_a_release_takes_the_domain_away(
    live: Live, address_page: Page
) -> None:
    page = address_page
    page.fill("#id_domain", NAME)
    page.get_by_role("button", name="Add domain").click()
    card = page.locator(".ui-card", has=page.get_by_role("heading", name=NAME))
    expect(card.locator(".ui-badge")).to_have_text("Waiting for the record")
    target = card.locator("code[id$='-cname-value']").inner_text()
    live.sandbox("POST", "dns/zones", name="looking-on.example")
    live.sandbox("PUT", "dns/records", name=NAME, records=[{"kind": "CNAME", "value": target}])
    elsewhere = page.context.new_page()
    elsewhere.goto(page.url)
    elsewhere.locator(".ui-card", has=elsewhere.get_by_role("heading", name=NAME)).get_by_text("Refresh status").click()
    try:
        # Nobody clicks here: the page asks every ten seconds.
        expect(card.locator(".ui-badge")).to_have_text("Active", timeout=20_000)
        expect(card).to_contain_text("Your main address")
    finally:
        card.get_by_text("Release domain").first.click()
        card.get_by_role("button", name="Release domain").click()
    expect(card.locator(".ui-badge")).to_have_text("Released")


def test_what_a_slug_changes_is_shown_while_it_is_typed(address_page: Page) -> None:
    page = address_page
    page.get_by_text("Change the portal address").click()
    page.locator("#id_slug").fill("harbour-calls")
    expect(page.locator("#slug_effect")).to_contain_text("harbour-calls is free")
    expect(page.get_by_role("button", name=re.compile("^Change it to harbour-calls"))).to_be_visible()
    page.locator("#id_slug").fill("admin")
    expect(page.locator("#slug_effect")).to_contain_text("This address is reserved")
