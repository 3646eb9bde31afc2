"""Stripe as the tests have it: the sandbox as a process, an account in it, and an agency that is connected with it."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.utils import timezone

from agencies.models import Agency
from billing import packages, purchases
from billing.checkout_options import Options
from billing.models import Package, Purchase
from clients.models import Client
from tenancy import door
from tests.support import stripe_says
from tests.support.wire import TLS
from vault import connections

__all__ = ["connected", "sandbox", "shop", "stripe"]
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Sandbox:
    """A running sandbox. Its levers are turned by HTTP, like everything else in it."""

    url: str

    def turn(self, lever: str, **body: Any) -> Any:
        answer = httpx.post(f"{self.url}/_sandbox/{lever}", json=body, timeout=30, verify=TLS)
        answer.raise_for_status()
        return answer.json()

    def tries_to_turn(self, lever: str, **body: Any) -> bool:
        """Turn a lever that may be where it cannot be turned (409)."""
        answer = httpx.post(f"{self.url}/_sandbox/{lever}", json=body, timeout=30, verify=TLS)
        return answer.status_code != 409 and bool(answer.raise_for_status())

    def open_account(self, mode: str = "test") -> dict[str, str]:
        keys: dict[str, str] = self.turn("stripe/accounts", business_name="Acme Payments", mode=mode)
        return keys

    def pay(self, session_id: str, **how: Any) -> None:
        self.turn(f"stripe/sessions/{session_id}/pay", **how)

    def dispute(self, payment_intent: str, *steps: str, **how: Any) -> str:
        """Have the buyer's bank dispute a payment and take these steps; the dispute's id."""
        dispute_id: str = self.turn(f"stripe/payment_intents/{payment_intent}/dispute", **how)["id"]
        for name in steps:
            self.turn(f"stripe/disputes/{dispute_id}/{name}")
        return dispute_id

    def refund(self, key: str, payment_intent: str, amount_minor: int) -> str:
        """Refund as somebody at the Dashboard would; the refund's id."""
        refund_id: str = self.ask(key, "POST", "refunds", payment_intent=payment_intent, amount=amount_minor)["id"]
        return refund_id

    def breaks(self, kind: str, prefix: str, **how: Any) -> None:
        self.turn("faults", kind=kind, prefix=f"/stripe/v1/{prefix}", **how)

    def ask(self, key: str, method: str, path: str, **params: Any) -> Any:
        """Ask the API as somebody at the Dashboard would; `params` are form fields."""
        body = {"params": params} if method == "GET" else {"data": params}
        answer = httpx.request(method, f"{self.url}/stripe/v1/{path}", auth=(key, ""), timeout=30, verify=TLS, **body)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    state = tmp_path_factory.mktemp("sandbox") / "state.sqlite3"
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--smtp-port", "0", "--dns-port", "0"]
    command += ["--state", str(state)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        ready = process.stdout.readline()  # type: ignore[union-attr]
        port = ready.split(" (")[0].rsplit(":", 1)[1]
        yield Sandbox(f"http://127.0.0.1:{port}")
        process.terminate()


@pytest.fixture
def stripe(sandbox: Sandbox, settings: Any) -> Iterator[Sandbox]:
    """The sandbox, and the portal pointed at it."""
    settings.STRIPE_API_URL = f"{sandbox.url}/stripe"
    yield sandbox
    httpx.delete(f"{sandbox.url}/_sandbox/faults", verify=TLS).raise_for_status()


@dataclass
class Shop:
    """An agency that is connected with Stripe and sells one package of 100 credits for 40.00 EUR to Ben."""

    agency: Agency
    client: Client
    package: Package
    keys: dict[str, str]

    @property
    def secret_key(self) -> str:
        return self.keys["secret_key"]

    def start(self, **changes: Any) -> str:
        """Start a purchase as the storefront does; gives the address of the page to pay on."""
        values: dict[str, Any] = {
            "client_id": self.client.pk,
            "package_id": self.package.pk,
            "form_token": uuid4(),
            "account_id": self.keys["account_id"],
            "livemode": False,
            "created_by": "ben@client.test",
            "email": "ben@client.test",
            "success_url": "http://acme.portal.localhost/buy/back?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://acme.portal.localhost/buy",
            "secret_key": self.secret_key,
            "options": Options(),
        }
        with door.enter(self.agency):
            return purchases.start(**(values | changes))

    def started(self, **changes: Any) -> Purchase:
        """A purchase that was just started."""
        self.start(**changes)
        with door.enter(self.agency):
            return Purchase.objects.latest("created_at")

    def purchase(self) -> Purchase:
        """The newest purchase as it is now."""
        with door.enter(self.agency):
            return Purchase.objects.latest("created_at")

    def entries(self) -> list[tuple[str, int]]:
        """What the ledger says of Ben: kind and seconds."""
        from billing.models import LedgerEntry

        with door.enter(self.agency):
            rows = LedgerEntry.objects.filter(wallet_id=self.client.pk).order_by("version")
            return list(rows.values_list("kind", "amount"))


def connect(agency: Agency, keys: dict[str, str]) -> Shop:
    """Store the account's keys for the agency, and open a shop in it without asking Stripe."""
    connections.save_stripe_keys(
        agency_id=agency.pk,
        publishable_key=keys["publishable_key"],
        secret_key=keys["secret_key"],
        webhook_secret=stripe_says.SECRET,
        account_id=keys["account_id"],
    )
    with door.enter(agency):
        client = Client.objects.create(name="Ben", email="ben@client.test")
        package = packages.save(name="100 credits", credits=100, price_minor=4000, currency="eur")
        Package.objects.filter(pk=package.pk).update(stripe_price_id="price_1", price_proved_at=timezone.now())
        package.refresh_from_db()
    return Shop(agency, client, package, keys)


@pytest.fixture
def connected(acme: Agency) -> Shop:
    """Acme with keys that no Stripe knows: for what needs no answer of Stripe's."""
    keys = {
        "account_id": "acct_1",
        "publishable_key": stripe_says.PUBLISHABLE_KEY,
        "secret_key": stripe_says.SECRET_KEY,
    }
    return connect(acme, keys)


@pytest.fixture
def shop(acme: Agency, stripe: Sandbox) -> Shop:
    """Acme, connected with an account of its own at the sandbox, its package's price made there."""
    return with_price(connect(acme, stripe.open_account()))


def with_price(shop: Shop) -> Shop:
    """Have the package's price made at Stripe."""
    with door.enter(shop.agency):
        Package.objects.filter(pk=shop.package.pk).update(
            stripe_product_id="", stripe_price_id="", price_proved_at=None
        )
        shop.package = packages.prove_price(package_id=shop.package.pk, secret_key=shop.secret_key)
    return shop
