"""One multiset of facts about one payment, told in many orders, twice, and by several threads: one end."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from agencies.models import Agency
from billing import payments, proof, stripe_shapes
from billing.models import Conflict, Dispute, LedgerEntry, Purchase, Refund, Wallet
from billing.payments import PaymentState
from clients.models import Client
from tenancy import door
from tests.support import stripe_says
from tests.support.booking import side_by_side
from tests.support.stripe_world import Shop, connect

SEEDS = range(8)
KEYS = {"account_id": "acct_1", "publishable_key": stripe_says.PUBLISHABLE_KEY, "secret_key": stripe_says.SECRET_KEY}
# A story is what Stripe would have shown at each moment: refunds and disputes by name, as they change.
Shown = dict[str, tuple[str, int, str, tuple[int, ...]]]
STORIES: dict[str, list[Shown]] = {
    "thirds": [
        {"a": ("refund", 1333, "succeeded", ())},
        {"b": ("refund", 1333, "pending", ())},
        {"c": ("refund", 1334, "succeeded", ()), "b": ("refund", 1333, "succeeded", ())},
    ],
    "one fails": [
        {"a": ("refund", 1333, "pending", ())},
        {"b": ("refund", 1333, "succeeded", ())},
        {"a": ("refund", 1333, "succeeded", ())},
        {"a": ("refund", 1333, "failed", ())},
        {"c": ("refund", 700, "requires_action", ())},
    ],
    "refunded, disputed, won": [
        {"a": ("refund", 1000, "succeeded", ())},
        {"b": ("dispute", 4000, "warning_needs_response", ())},
        {"b": ("dispute", 4000, "needs_response", ())},
        {"b": ("dispute", 4000, "needs_response", (-4000,))},
        {"b": ("dispute", 4000, "won", (-4000,))},
        {"b": ("dispute", 4000, "won", (-4000, 4000))},
    ],
    "part given back, then the bank debit taken back for good": [
        {"a": ("refund", 1000, "pending", ())},
        {"a": ("refund", 1000, "succeeded", ())},
        {"b": ("dispute", 4000, "needs_response", ())},
        {"b": ("dispute", 4000, "lost", (-4000,))},
    ],
    "two parts fail around a dispute that is won": [
        {"a": ("refund", 700, "pending", ())},
        {"b": ("refund", 900, "pending", ())},
        {"c": ("dispute", 4000, "needs_response", (-4000,))},
        {"a": ("refund", 700, "failed", ())},
        {"c": ("dispute", 4000, "won", (-4000, 4000))},
        {"b": ("refund", 900, "canceled", ())},
    ],
    "refund fails under a lost dispute": [
        {"a": ("refund", 4000, "succeeded", ())},
        {"b": ("dispute", 4000, "needs_response", (-4000,))},
        {"a": ("refund", 4000, "failed", ())},
        {"b": ("dispute", 4000, "lost", (-4000,))},
    ],
}
ENDS = {
    "thirds": ("refunded", 0),
    "one fails": ("partly_refunded", 6000 - 6000 * 2033 // 4000),
    "refunded, disputed, won": ("partly_refunded", 4500),
    "part given back, then the bank debit taken back for good": ("disputed", 0),
    "two parts fail around a dispute that is won": ("paid", 6000),
    "refund fails under a lost dispute": ("disputed", 0),
}


@pytest.fixture
def own_shop(own_agency: Agency) -> Iterator[Shop]:
    yield connect(own_agency, KEYS)


def facts(story: str, purchase: Purchase, intent: str) -> list[PaymentState]:
    """What looking at Stripe gives after each step of the story: everything that has happened until then."""
    session = stripe_shapes.checkout_state(stripe_says.session(purchase.pk, id=f"cs_{intent}", payment_intent=intent))
    seen: Shown = {}
    found = [PaymentState(purchase.pk, intent, session, [], [])]
    for number, step in enumerate(STORIES[story]):
        seen = seen | step
        refunds = [stripe_shapes.refund_state(shown(intent, *one)) for one in seen.items() if one[1][0] == "refund"]
        disputes = [stripe_shapes.dispute_state(shown(intent, *one)) for one in seen.items() if one[1][0] == "dispute"]
        # Who looks at a purchase that is credited does not ask for its session.
        found.append(PaymentState(purchase.pk, intent, session if number % 2 else None, refunds, disputes))
    return found


def shown(intent: str, name: str, one: tuple[str, int, str, tuple[int, ...]]) -> dict[str, Any]:
    kind, amount, status, moved = one
    fields: dict[str, Any] = {"id": f"{name}_{intent}", "amount": amount, "status": status}
    fields["created"] = 1_790_000_000 + ord(name)
    return stripe_says.refund(intent, **fields) if kind == "refund" else stripe_says.dispute(intent, *moved, **fields)


def bought(shop: Shop) -> tuple[Purchase, str]:
    """A pending purchase of a new client, and a name for its payment."""
    intent = f"pi_{uuid4().hex}"
    with door.enter(shop.agency):
        client = Client.objects.create(name="Ben", email=f"{intent}@client.test")
        purchase = Purchase.objects.create(
            client=client,
            package=shop.package,
            package_name="100 credits",
            seconds=6000,
            price_minor=4000,
            currency="eur",
            livemode=False,
            stripe_price_id="price_1",
        )
    return purchase, intent


def end(purchase: Purchase, intent: str) -> tuple[Any, ...]:
    """Balance, state, and what each refund and dispute takes, by name."""
    purchase = Purchase.objects.get(pk=purchase.pk)
    nets: dict[str, int] = {}
    for entry in LedgerEntry.objects.filter(wallet_id=purchase.client_id).exclude(kind="purchase"):
        name = entry.source_id.partition("#")[0]
        nets[name] = nets.get(name, 0) + entry.amount
    rows = [*Refund.objects.filter(purchase=purchase), *Dispute.objects.filter(purchase=purchase)]
    assert all(nets.get(row.stripe_id, 0) == -row.seconds for row in rows)
    balance = Wallet.objects.get(pk=purchase.client_id).balance
    named = {name.removesuffix(f"_{intent}"): net for name, net in sorted(nets.items()) if net}
    return purchase.state, balance, json.dumps(named)


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("threads", [1, 2, 4, 8])
def test_facts_in_any_order_doubled_and_side_by_side_have_one_end(own_shop: Shop, story: str, threads: int) -> None:
    ends = set()
    for seed in SEEDS:
        purchase, intent = bought(own_shop)
        told = facts(story, purchase, intent)
        last, random = told[-1], Random(seed)
        told += random.choices(told, k=random.randint(0, 5))
        random.shuffle(told)
        side_by_side(own_shop.agency, lambda one: payments.settle(state=one), told, threads=threads)
        with door.enter(own_shop.agency):
            ends.add(end(purchase, intent))
            payments.settle(state=last)
            ends.add(end(purchase, intent))
    assert {one[:2] for one in ends} == {ENDS[story]}
    assert len(ends) == 1
    with door.enter(own_shop.agency):
        assert proof.verify().findings == []
        assert not Conflict.objects.exists()
