"""The demo agency of a running product, seen from its client's browser and from the outside world."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.support.live import Live, wait_for

# As `manage.py demo` makes and prints them.
SLUG, CLIENT, PASSWORD = "harbour", "client@bakery.example", "harbour-voice-demo"
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')

_ASSISTANT = """
from agencies.models import Agency
from organizations import assistants
from organizations.models import Organization
from tenancy import door
with door.enter(Agency.objects.get(slug="harbour")):
    found = assistants.in_use(Organization.objects.get(state="ready"))
    print(*[one.id for one in found if one.reports_to_us][:1])
"""


@dataclass
class Shop:
    """Ben's view of Harbour Voice's portal. Seconds are whole, as in the ledger."""

    live: Live
    ben: httpx.Client

    @classmethod
    def opened(cls, live: Live, ben: httpx.Client) -> "Shop":
        """The demo agency, opened if need be, with Ben signed in and his organization ready."""
        live.manage("demo")
        shop = cls(live, ben)
        shop.post("/account/login/", login=CLIENT, password=PASSWORD)
        wait_for(lambda: shop.rows("SELECT 1 FROM organizations_organization WHERE state = 'ready'"))
        return shop

    @property
    def assistant_id(self) -> str:
        """HMS's id of an assistant of Ben's that reports to the product."""
        return self.live.manage("shell", "--no-imports", "-c", _ASSISTANT).strip()

    def page(self, path: str) -> str:
        answer = self.ben.get(self.live.address(SLUG, path))
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def post(self, path: str, *, on: str | None = None, **fields: str) -> httpx.Response:
        """Send a form of the page `on` (by default the path itself), with its CSRF token."""
        token = _TOKEN.search(self.page(on or path))
        assert token, on or path
        return self.ben.post(
            self.live.address(SLUG, path),
            data={"csrfmiddlewaretoken": token[1], **fields},
            headers={"Origin": self.live.address(SLUG, "").rstrip("/")},
        )

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Look into the agency's schema."""
        schema = self.live.query("SELECT schema_name FROM agencies_agency WHERE slug = %s", SLUG)[0][0]
        return self.live.query(statement, schema=schema)

    def balance(self) -> int:
        found = self.rows("SELECT coalesce(sum(balance), 0)::bigint FROM billing_wallet")
        return int(str(found[0][0]))

    def checkout(self) -> str:
        """Choose the first package; the id of the Checkout session that Stripe opened for it."""
        page = self.page("/buy/")
        path = re.search(r'action="(/buy/[^"]+)"', page)
        token = re.search(r'name="form_token" value="([^"]+)"', page)
        assert path, "no package on sale"
        assert token
        answer = self.post(path[1], on="/buy/", form_token=token[1])
        return str(answer.url).rsplit("/", 1)[1].split("?")[0]

    def pay(self, session: str) -> None:
        """Pay at Stripe; its webhook goes out by itself."""
        self.live.sandbox("POST", f"stripe/sessions/{session}/pay", method="card")

    def hms_organization(self) -> str:
        """Ben's organization at HMS."""
        return str(self.rows("SELECT hms_id FROM organizations_organization")[0][0])


@pytest.fixture
def stocked(live: Live) -> Iterator[Shop]:
    """The demo agency's shop, with ten credits on Ben's balance at least."""
    with live.browser() as ben:
        opened = Shop.opened(live, ben)
        if opened.balance() < 600:
            opened.pay(opened.checkout())
            wait_for(lambda: opened.balance() >= 600)
        yield opened
