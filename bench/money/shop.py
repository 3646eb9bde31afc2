"""An agency that is connected with a Stripe account of the sandbox and sells: purchases that were started and paid."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
from django.db import connection

from agencies.models import Agency
from bench.money import agencies
from billing import packages, purchases
from billing.checkout_options import Options
from billing.models import Package, Purchase
from stack import terminal
from tenancy import door
from vault import connections

SECRET = "whsec_BenchBenchBenchBenchBench1"


@dataclass(frozen=True)
class Paid:
    """A purchase whose money has come at Stripe, and what its event says."""

    purchase_id: uuid.UUID
    body: str


@dataclass(frozen=True)
class Shop:
    """The agency, its keys, and where the sandbox is."""

    agency: Agency
    package: Package
    secret_key: str
    sandbox_url: str

    @classmethod
    def opened(cls, slug: str, *, sandbox_url: str, wallets: int) -> Shop:
        """A new one, its package's price made at Stripe. Events are signed with SECRET; Stripe itself sends none."""
        agency = agencies.opened(slug, wallets=wallets)
        keys = _turn(sandbox_url, "stripe/accounts", business_name=slug, mode="test")
        connect(agency, keys)
        with door.enter(agency):
            package = packages.save(name="100 credits", credits=100, price_minor=4_000, currency="eur")
            package = packages.prove_price(package_id=package.pk, secret_key=keys["secret_key"])
        return cls(agency, package, keys["secret_key"], sandbox_url)

    def paid(self, number: int) -> list[Paid]:
        """This many purchases of as many clients, started and paid."""
        with agencies.inside(self.agency.slug) as clients:
            wanted = [clients[each % len(clients)] for each in range(number)]
        with terminal.step(f"Buying {number} times"):
            return _side_by_side(self._buy, wanted)

    def prove(self, *, booked: int) -> None:
        """Prove its ledger. Raises Trouble."""
        agencies.prove(self.agency.slug, booked=booked)

    def _buy(self, client_id: uuid.UUID) -> Paid:
        token = uuid.uuid4()
        try:
            with door.enter(self.agency):
                purchases.start(
                    client_id=client_id,
                    package_id=self.package.pk,
                    form_token=token,
                    account_id="",
                    livemode=False,
                    created_by="ben@bench.test",
                    email="ben@bench.test",
                    success_url="http://bench.portal.localhost/buy/back?session={CHECKOUT_SESSION_ID}",
                    cancel_url="http://bench.portal.localhost/buy",
                    options=Options(),
                    secret_key=self.secret_key,
                )
                purchase = Purchase.objects.get(form_token=token)
        finally:
            connection.close()
        _turn(self.sandbox_url, f"stripe/sessions/{purchase.stripe_session_id}/pay", method="card")
        return Paid(purchase.pk, body(str(purchase.stripe_session_id), purchase.pk))


def connect(agency: Agency, keys: dict[str, str]) -> None:
    """Store the keys and SECRET for the agency without asking Stripe."""
    connections.save_stripe_keys(
        agency_id=agency.pk,
        publishable_key=keys["publishable_key"],
        secret_key=keys["secret_key"],
        webhook_secret=SECRET,
        account_id=keys["account_id"],
    )


def body(session_id: str, purchase_id: uuid.UUID) -> str:
    """What Stripe says when the session is paid, with EVENT in place of the event's id."""
    session: dict[str, Any] = {
        "id": session_id,
        "object": "checkout.session",
        "status": "complete",
        "payment_status": "paid",
        "mode": "payment",
        "livemode": False,
        "currency": "eur",
        "amount_subtotal": 4_000,
        "amount_total": 4_000,
        "payment_intent": f"pi_{purchase_id.hex}",
        "client_reference_id": str(purchase_id),
        "metadata": {"purchase_id": str(purchase_id)},
        "customer_details": {"email": "ben@bench.test", "name": "Ben Baker", "address": {"country": "NL"}},
        "payment_method_types": ["card", "ideal", "sepa_debit"],
        "success_url": "http://bench.portal.localhost/buy/back?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://bench.portal.localhost/buy",
    }
    event = {
        "id": "EVENT",
        "object": "event",
        "type": "checkout.session.completed",
        "api_version": "2026-10-28.endive",
        "created": 1_790_000_000,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "data": {"object": session},
    }
    return json.dumps(event, indent=2)


def _turn(sandbox_url: str, lever: str, **asked: Any) -> Any:
    answer = httpx.post(f"{sandbox_url}/_sandbox/{lever}", json=asked, timeout=30)
    answer.raise_for_status()
    return answer.json()


def _side_by_side(work: Callable[[uuid.UUID], Paid], items: Iterable[uuid.UUID]) -> list[Paid]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(work, items))
