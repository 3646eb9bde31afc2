"""Pictures of every page, with the demo agency's data, in docs/screenshots: `make screenshots`.

Pages are taken 1280 and 390 pixels wide. ARGS names brands: `make screenshots ARGS="#FFF3A0 #0B0B0F"` writes them to
var/screenshots instead, one folder a brand, light and dark.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page

from tests.support import chromium, live
from tests.support.live import Live, wait_for
from tests.support.shop import Shop

ROOT = Path(__file__).resolve().parents[2]
OWNER, CLIENT, PASSWORD = "owner@harbour.example", "client@bakery.example", "harbour-voice-demo"
DOMAIN = "portal.harbour.example"
WIDTHS = {1280: 860, 390: 844}
PLATFORM = {"landing": "/", "sign-up": "/account/signup/", "sign-in": "/account/login/"}
# What belongs to whoever is signed in, on the platform.
PERSONAL = {"agencies": "/agencies/", "security": "/security/", "second-factor": "/account/2fa/totp/activate/"}
DASHBOARD = [
    "set-up",
    "overview",
    "attention",
    "notifications",
    "notifications/choose",
    "why",
    "clients",
    "clients/invite",
    "calls",
    "purchases",
    "packages",
    "packages/new",
    "checkout",
    "payments",
    "hms",
    "hms/template",
    "hms/terms",
    "hms/totals",
    "brand",
    "brand/pictures",
    "brand/mails",
    "brand/leaks",
    "address",
    "audit",
    "team",
    "leaving",
]
PORTAL = {"home": "/", "statement": "/statement/", "calls": "/calls/", "buy": "/buy/", "start-a-call": "/calls/start/"}
PORTAL |= {"knowledge": "/knowledge/"}
PORTAL |= {"api-access": "/api-access/", "talk-in-the-browser": "/calls/browser/"}
PORTAL |= {"statement-on-paper": "/statement/paper/", "assistants": "/assistants/", "purchases": "/purchases/"}
PORTAL |= {"who-looked": "/who-looked/"}
VISITOR = {"welcome": "/", "portal-sign-up": "/account/signup/", "portal-sign-in": "/account/login/"}
_ONE_CALL = ":not([href*='start']):not([href*='csv'])"
Scheme = Literal["light", "dark"]


def furnish(product: Live) -> None:
    """Two days in the life of a client: credits bought and given, calls of every kind."""
    with product.browser() as ben:
        shop = Shop.opened(product, ben)
        before = shop.balance()
        shop.pay(shop.checkout())
        wait_for(lambda: shop.balance() == before + 6000)
        organization = shop.hms_organization()
        for seconds, number in (
            (204, "+31201234112"),
            (65, "+31612347788"),
            (400, "+31851234567"),
            (31, "+31301112233"),
        ):
            product.sandbox(
                "POST",
                "hms/calls/finished",
                organization_id=organization,
                duration_seconds=seconds,
                webhooks=True,
                **{"from": number},
            )
        product.manage("sync", "--all")
        wait_for(lambda: shop.balance() == before + 6000 - 700)


def sign_in(page: Page, address: str, email: str) -> None:
    page.goto(address)
    page.fill("[name=login]", email)
    page.fill("[name=password]", PASSWORD)
    page.click(".ui-form-actions button[type=submit]")
    page.wait_for_load_state("networkidle")


def repaint(product: Live, browser: Browser, color: str) -> None:
    """Give the demo agency another colour, as its owner would."""
    page = browser.new_page()
    sign_in(page, product.address("", "/account/login/"), OWNER)
    page.goto(product.address("", "/agencies/harbour/brand/"))
    page.fill("[name=primary_color]", color.lower())
    page.click("form:has([name=primary_color]) .ui-form-actions button[type=submit]")
    page.wait_for_load_state("networkidle")
    page.close()


def claim_domain(page: Page, product: Live) -> None:
    """Have the owner who is signed in claim a domain once; it waits for its record."""
    page.goto(product.address("", "/agencies/harbour/address/"))
    if page.get_by_text(DOMAIN, exact=True).count():
        return
    page.fill("#id_domain", DOMAIN)
    page.get_by_role("button", name="Add domain").click()
    page.get_by_text(DOMAIN, exact=True).first.wait_for()


def bought(page: Page, product: Live) -> dict[str, str]:
    """Where the newest purchase of the client who is signed in is shown, and its receipt for paper."""
    page.goto(product.address("harbour", "/purchases/"))
    found = str(page.locator("main .ui-line a[href*='/purchases/']").first.evaluate("a => a.href"))
    calls = of_a_call(page, product.address("harbour", "/calls/"))
    return {"purchase": found, "receipt": f"{found}receipt/", **calls}


def of_a_call(page: Page, calls: str) -> dict[str, str]:
    """Where the newest call of a list is shown: its receipt with what was said, and the latter alone."""
    page.goto(calls)
    found = str(page.locator(f"main a[href*='/calls/']{_ONE_CALL}").first.evaluate("a => a.href"))
    return {"call": found, "call-said": f"{found}said/"}


def sold(page: Page, product: Live) -> dict[str, str]:
    """Where the owner who is signed in looks at a client and at the newest purchase: pages that need an id."""
    page.goto(product.address("", "/agencies/harbour/purchases/"))
    purchase = str(page.locator("main th a[href*='/purchases/']").first.evaluate("a => a.href"))
    page.goto(purchase)
    client = str(page.locator("main a[href*='/clients/']").first.evaluate("a => a.href"))
    page.goto(product.address("", "/agencies/harbour/packages/"))
    package = page.locator("main a[href*='/packages/']:not([href$='/new/'])").first.evaluate("a => a.href")
    return {
        "package": str(package),
        "purchase": purchase,
        "refund": f"{purchase}refund/",
        "client": client,
        "statement": f"{client}statement/",
        "statement-on-paper": f"{client}statement/paper/",
        "three-way": f"{client}three-way/",
        "api-access": f"{client}api-access/",
        **of_a_call(page, product.address("", "/agencies/harbour/calls/")),
        "webhooks": f"{client}webhooks/",
        "limits": f"{client}limits/",
        "export-and-erase": f"{client}leaving/",
        "prices": f"{client}prices/",
        "notes": f"{client}notes/",
        "look": f"{client}look/",
    }


def inside(page: Page, product: Live) -> dict[str, str]:
    """Where the owner who is signed in is inside a client's organization: each section, and what opens there."""
    base = f"{sold(page, product)['client']}organization/"
    sections = (
        "assistants",
        "numbers",
        "campaigns",
        "voices",
        "knowledge",
        "tools",
        "analyses",
        "trunks",
        "providers",
        "retention",
    )
    sections += ("integrations", "mcp", "workflows")
    found = {f"inside-{name}": f"{base}{name}/" for name in sections}
    made = ("assistants", "numbers", "campaigns", "tools", "analyses", "trunks", "providers")
    found |= {f"inside-{name}-new": f"{base}{name}/new/" for name in made}
    found["inside-campaign"] = campaign(page, found["inside-campaigns"])
    found["inside-campaign-leads"] = f"{found['inside-campaign']}leads/"
    page.goto(found["inside-assistants"])
    found["inside-assistant"] = str(page.locator("main .ui-line a").first.evaluate("a => a.href"))
    found["inside-assistant-tools"] = f"{found['inside-assistant']}tools/"
    found |= {f"inside-{name}-new": f"{base}{name}/new/" for name in ("integrations", "mcp", "workflows")}
    found |= connected(page, found)
    return found


def connected(page: Page, known: dict[str, str]) -> dict[str, str]:
    """A tool of the client's own system and an MCP server, made when there are none; where they are shown."""
    tool = {
        "name": "find_customer",
        "description": "Finds a customer by telephone number.",
        "url": "https://crm.example",
    }
    tool |= {"headers": "Authorization: Bearer demo", "parameters": '{"type": "object", "properties": {"phone": {}}}'}
    server = {"name": "CRM", "url": "https://mcp.example.test/crm"}
    found = {}
    for noun, typed in (("integrations", tool), ("mcp", server)):
        page.goto(known[f"inside-{noun}"])
        if not page.locator("main .ui-line a").count():
            page.goto(known[f"inside-{noun}-new"])
            for name, value in typed.items():
                page.locator(f"main [name={name}]").fill(value)
            page.get_by_role("button", name="Create").click()
        found[f"inside-{noun}-item"] = str(page.locator("main .ui-line a").first.evaluate("a => a.href"))
    return found


def campaign(page: Page, campaigns: str) -> str:
    """Where a campaign is, made once, with the leads looked at before they are sent."""
    page.goto(campaigns)
    there = page.locator("main .ui-line a")
    if not there.count():
        page.goto(f"{campaigns}new/")
        page.fill("[name=name]", "Spring menu")
        page.fill("[name=leads_text]", "phone_number,name\n+31201234112,Anna\n+31612347788,Bas")
        for _time in ("looked at", "sent"):
            page.get_by_role("button", name="Create").click()
            page.wait_for_load_state("load")
    return str(there.first.evaluate("a => a.href"))


def open_page(page: Page, address: str) -> None:
    """Go there; where a page shows nothing until it is asked to, ask."""
    page.goto(address)
    page.wait_for_load_state("load")
    if address.endswith("/three-way/"):
        page.get_by_role("button", name="Compare now").click()
        page.locator("#three-way dl").first.wait_for()
    # A button that may be pressed again takes on its colour step by step.
    page.evaluate("Promise.allSettled(document.getAnimations().map(each => each.finished))")


def walk(product: Live, browser: Browser, folder: Path, scheme: Scheme) -> None:
    """Take every page as a visitor, as the owner and as the client."""
    for width, height in WIDTHS.items():
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        page = context.new_page()
        ending = f"{width}.png" if scheme == "light" else f"{width}-dark.png"

        def take(
            name: str, address: str, page: Page = page, ending: str = ending, width: int = width, height: int = height
        ) -> None:
            open_page(page, address)
            page.wait_for_load_state("networkidle")
            assert "went wrong on our side" not in page.inner_text("body"), address
            # A window as tall as the page: what is fixed to its bottom belongs there.
            tall = max(height, page.evaluate("document.documentElement.scrollHeight"))
            page.set_viewport_size({"width": width, "height": tall})
            page.screenshot(path=folder / f"{name}-{ending}")
            page.set_viewport_size({"width": width, "height": height})

        for name, path in PLATFORM.items():
            take(f"platform-{name}", product.address("", path))
        for name, path in VISITOR.items():
            take(f"portal-{name}".replace("portal-portal", "portal"), product.address("harbour", path))
        sign_in(page, product.address("", "/account/login/"), OWNER)
        for name, path in PERSONAL.items():
            take(f"platform-{name}", product.address("", path))
        claim_domain(page, product)
        for name in DASHBOARD:
            take(f"agency-{name.replace('/', '-')}", product.address("", f"/agencies/harbour/{name}/"))
        for name, address in (sold(page, product) | inside(page, product)).items():
            take(f"agency-{name}", address)
        sign_in(page, product.address("harbour", "/account/login/"), CLIENT)
        for name, path in PORTAL.items():
            take(f"portal-{name}", product.address("harbour", path))
        for name, address in bought(page, product).items():
            take(f"portal-{name}", address)
        context.close()


def main() -> None:
    brands = sys.argv[1:]
    with (
        tempfile.TemporaryDirectory() as scratch,
        live.running(Path(scratch) / "var") as product,
        chromium.launched() as browser,
    ):
        furnish(product)
        for brand in brands or [""]:
            folder = ROOT / "var/screenshots" / brand.lstrip("#") if brand else ROOT / "docs/screenshots"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            if brand:
                repaint(product, browser, brand)
            for scheme in ("light", "dark") if brand else ("light",):
                walk(product, browser, folder, scheme)
            print(f"{len(list(folder.iterdir()))} pictures in {folder.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
