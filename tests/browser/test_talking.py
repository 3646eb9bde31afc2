"""The call in the browser: the page may speak to the call server that HMS named, and says when it is not reached."""

import pytest
from playwright.sync_api import Browser, WebSocket

from tests.support import screenshots
from tests.support.chromium import Watched
from tests.support.live import Live

pytestmark = [pytest.mark.browser, pytest.mark.flow, pytest.mark.xdist_group("live")]


def test_the_page_reaches_the_call_server_and_nothing_else(live: Live, browser: Browser) -> None:
    """The sandbox has an address for it and speaks no LiveKit: the page gets there, and says that it was not let in."""
    screenshots.furnish(live)
    window, asked = Watched(browser, width=390, height=844), []
    page = window.page
    screenshots.sign_in(page, live.address("harbour", "/account/login/"), screenshots.CLIENT)
    page.goto(live.address("harbour", "/calls/browser/"))
    page.get_by_role("button", name="Talk now").click()
    join = page.get_by_role("button", name="Join")
    join.wait_for()
    server = page.locator("[data-server]").get_attribute("data-server") or ""

    def note(socket: WebSocket) -> None:
        asked.append(socket.url)

    page.on("websocket", note)
    join.click()
    page.get_by_text("The call could not be connected.").wait_for()
    assert join.is_visible()
    assert asked
    assert all(url.startswith(f"{server}/") for url in asked)
    assert not [said for said in window.complaints if "Content Security Policy" in said]
    window.close()
