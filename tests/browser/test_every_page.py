"""Every page, as visitors, owner and client meet it: readable for everybody, quiet in the console, ours alone."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.support import screenshots
from tests.support.chromium import Watched
from tests.support.live import Live

pytestmark = [pytest.mark.browser, pytest.mark.flow, pytest.mark.xdist_group("live")]
BRANDS = ["#3b82f6", "#fff3a0", "#0b0b0f"]


@pytest.fixture(scope="module")
def furnished(live: Live) -> Live:
    screenshots.furnish(live)
    return live


@pytest.fixture
def window(browser: Browser) -> Iterator[Watched]:
    window = Watched(browser, width=390, height=844)
    yield window
    window.close()


def faults(window: Watched, addresses: dict[str, str]) -> dict[str, list[str]]:
    """What axe and the console say of each page, and pages that scroll sideways; empty when all is well."""
    found: dict[str, list[str]] = {}
    for name, address in addresses.items():
        window.complaints.clear()
        screenshots.open_page(window.page, address)
        said = [
            f"{rule['id']}: {rule['nodes'][0]['html'][:120]}" for rule in Axe().run(window.page).response["violations"]
        ]
        if window.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            said.append("scrolls sideways")
        if said or window.complaints:
            found[name] = said + window.complaints
    return found


@pytest.mark.parametrize("brand", BRANDS)
def test_a_portal_is_readable_in_any_brand(furnished: Live, browser: Browser, window: Watched, brand: str) -> None:
    screenshots.repaint(furnished, browser, brand)
    visitor = {name: furnished.address("harbour", path) for name, path in screenshots.VISITOR.items()}
    assert faults(window, visitor) == {}
    screenshots.sign_in(window.page, furnished.address("harbour", "/account/login/"), screenshots.CLIENT)
    client = {name: furnished.address("harbour", path) for name, path in screenshots.PORTAL.items()}
    client |= screenshots.bought(window.page, furnished)
    assert faults(window, client) == {}


def test_the_platform_and_a_dashboard_are_readable(furnished: Live, window: Watched) -> None:
    platform = {name: furnished.address("", path) for name, path in screenshots.PLATFORM.items()}
    assert faults(window, platform) == {}
    screenshots.sign_in(window.page, furnished.address("", "/account/login/"), screenshots.OWNER)
    personal = {name: furnished.address("", path) for name, path in screenshots.PERSONAL.items()}
    assert faults(window, personal) == {}
    addresses = {name: furnished.address("", f"/agencies/harbour/{name}/") for name in screenshots.DASHBOARD}
    assert faults(window, {"address without a domain": addresses["address"]}) == {}
    screenshots.claim_domain(window.page, furnished)
    dashboard = addresses | screenshots.sold(window.page, furnished)
    dashboard |= screenshots.inside(window.page, furnished)
    assert faults(window, dashboard) == {}
