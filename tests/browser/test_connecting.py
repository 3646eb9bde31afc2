"""The proof over real sockets: Stripe's own message comes the whole way, and the page shows it by itself."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.support import screenshots
from tests.support.chromium import Watched
from tests.support.live import Live

pytestmark = [pytest.mark.browser, pytest.mark.flow, pytest.mark.xdist_group("live")]


def test_a_click_proves_the_connection_while_one_looks_on(live: Live, browser: Browser) -> None:
    live.manage("demo")
    window = Watched(browser)
    page = window.page
    screenshots.sign_in(page, live.address("", "/account/login/"), screenshots.OWNER)
    page.goto(live.address("", "/agencies/harbour/payments/"))
    page.get_by_role("button", name=re.compile("^Test")).click()
    expect(page.locator("#webhook_state .ui-badge").first).to_have_text(re.compile("Proved"))
    page.goto(live.address("", "/agencies/harbour/set-up/"))
    expect(page.locator("#line-connection")).to_contain_text("Proved: Stripe has reached us.")
    assert window.complaints == []
    window.close()
