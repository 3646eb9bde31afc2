"""Everything that outsiders and people say about two clients' money and time, in 200 orders, with duplicates, told by
one to eight threads at once: one state. What differs by order, versions and digests, is not part of it."""

import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import pytest

from agencies import allocation
from agencies.models import Agency
from billing import payments, proof, stripe_shapes
from billing.models import Conflict, Dispute, LedgerEntry, Purchase, Refund, Wallet
from billing.payments import PaymentState
from billing.stripe_shapes import DisputeState, RefundState
from calls import booking
from calls.models import Call
from calls.rating import Terms
from clients.models import Client
from hms_client import Call as HmsCall
from organizations.models import Organization
from tenancy import door
from tests.support import stripe_says
from tests.support.booking import ADA, side_by_side
from tests.support.stripe_world import Shop, connect

PERMUTATIONS_EACH = 25
CLIENTS, PURCHASES, CALLS = 2, 1, 2
TERMS = Terms(rounding=6, cost_micro_per_minute=70_000, livemode=False)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEYS = {"account_id": "acct_1", "publishable_key": stripe_says.PUBLISHABLE_KEY, "secret_key": stripe_says.SECRET_KEY}
Fact = Callable[[], object]


@dataclass
class World:
    """One telling: clients of its own, whose facts are the same as those of every other telling."""

    shop: Shop
    seed: str
    clients: list[Client]
    organizations: list[Organization]
    purchases: list[Purchase]

    @classmethod
    def opened(cls, shop: Shop, seed: str) -> "World":
        clients = [Client.objects.create(name=f"{n}", email=f"{n}@client.test") for n in range(CLIENTS)]
        organizations = [Organization.objects.create(client=one, hms_name=f"{one.name}-{seed}") for one in clients]
        purchases = [
            Purchase.objects.create(
                client=client,
                package=shop.package,
                package_name="100 credits",
                seconds=6000,
                price_minor=4000,
                currency="eur",
                livemode=False,
                stripe_price_id="price_1",
            )
            for client in clients
            for _ in range(PURCHASES)
        ]
        return cls(shop, seed, clients, organizations, purchases)

    def facts(self) -> list[Fact]:
        told: list[Fact] = []
        for number, purchase in enumerate(self.purchases):
            told += self._payment(number, purchase)
        for number, organization in enumerate(self.organizations):
            told += self._calls(number, organization)
            token = uuid.uuid5(uuid.NAMESPACE_OID, f"{self.seed}-{number}")
            told.append(
                partial(
                    allocation.allocate,
                    client_id=self.clients[number].pk,
                    seconds=600 + number,
                    description="Invoice 1",
                    form_token=token,
                    actor=ADA,
                )
            )
        return told

    def _payment(self, number: int, purchase: Purchase) -> list[Fact]:
        """Paid, refunded in thirds of which one fails, disputed and (for every other one) won."""
        intent = f"pi_{number}_{self.seed}"
        paid = stripe_says.session(purchase.pk, id=f"cs_{intent}", payment_intent=intent)
        session = stripe_shapes.checkout_state(paid)
        first, failed = self._refund(intent, 0, "succeeded"), self._refund(intent, 1, "failed")
        withdrawn = self._dispute(intent, "needs_response", -1500)
        won = self._dispute(intent, "won", -1500, 1500)
        looks: list[tuple[list[RefundState], list[DisputeState]]] = [
            ([], []),
            ([first], []),
            ([first, self._refund(intent, 1, "pending")], []),
            ([first, failed], []),
            ([first, failed], [self._dispute(intent, "needs_response")]),
            ([first, failed], [withdrawn]),
            ([first, failed], [won if number % 2 else withdrawn]),
        ]
        return [
            partial(payments.settle, state=PaymentState(purchase.pk, intent, session, refunds, disputes))
            for refunds, disputes in looks
        ]

    def _refund(self, intent: str, number: int, status: str) -> RefundState:
        fields: dict[str, Any] = {"amount": 1333, "status": status, "created": 1_790_000_000 + number}
        return stripe_shapes.refund_state(stripe_says.refund(intent, id=f"re_{number}_{intent}", **fields))

    def _dispute(self, intent: str, status: str, *moved: int) -> DisputeState:
        fields: dict[str, Any] = {"amount": 1500, "status": status, "created": 1_790_000_900}
        return stripe_shapes.dispute_state(stripe_says.dispute(intent, *moved, id=f"du_{intent}", **fields))

    def _calls(self, number: int, organization: Organization) -> list[Fact]:
        """Running, over, and measured again: each answer with the time at which HMS was asked."""
        told = []
        for call in range(CALLS):
            id_ = f"call-{number}-{call}-{self.seed}"
            told += [
                self._answer(organization, NOON, id_, "in-progress", None),
                self._answer(organization, NOON + timedelta(minutes=5), id_, "ended", 65 + call),
                self._answer(organization, NOON + timedelta(minutes=9), id_, "ended", 125 - 40 * call),
            ]
        return told

    def _answer(self, organization: Organization, at: datetime, id_: str, status: str, seconds: int | None) -> Fact:
        said = {"id": id_, "status": status, "direction": "inbound", "created_at": NOON.isoformat()}
        over = {} if seconds is None else {"ended_at": NOON.isoformat(), "duration_seconds": seconds}
        told = [HmsCall.from_json(said | over)]
        return partial(booking.book, organization=organization, told=told, terms=TERMS, asked_at=at)

    def state(self) -> str:
        """A hash over balances, states, what each key and its corrections come to, and what each call was billed."""
        ids = [client.pk for client in self.clients]
        calls = list(Call.objects.filter(organization__in=self.organizations))
        # The ledger keys a call by a hash that is each agency's own; here it goes by HMS's id.
        told = {call.ledger_id: call.hms_id for call in calls}
        nets: dict[str, int] = defaultdict(int)
        for entry in LedgerEntry.objects.filter(wallet_id__in=ids):
            key = entry.source_id.partition("#")[0]
            nets[self._named(told.get(key, entry.source_id))] += entry.amount
        purchases = {str(one.pk): f"purchase-{number}" for number, one in enumerate(self.purchases)}
        rows = [
            *Refund.objects.filter(purchase__in=self.purchases),
            *Dispute.objects.filter(purchase__in=self.purchases),
        ]
        said = {
            "balances": [Wallet.objects.get(pk=pk).balance for pk in ids],
            "nets": {purchases.get(key, key): net for key, net in nets.items() if net},
            "purchases": [Purchase.objects.get(pk=one.pk).state for one in self.purchases],
            "returned": {self._named(row.stripe_id): [row.returned_minor, row.seconds] for row in rows},
            "calls": {self._named(call.hms_id): [call.measured_seconds, call.billed_seconds] for call in calls},
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def _named(self, source_id: str) -> str:
        token = {
            str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.seed}-{number}")): f"form-{number}" for number in range(CLIENTS)
        }
        return token.get(source_id, source_id.partition("#")[0].replace(self.seed, ""))


@pytest.fixture
def own_shop(own_agency: Agency) -> Iterator[Shop]:
    yield connect(own_agency, KEYS)


def tell(facts: list[Fact]) -> None:
    for fact in facts:
        fact()


def in_order(shop: Shop) -> str:
    with door.enter(shop.agency):
        world = World.opened(shop, "<in order>")
        tell(world.facts())
        return world.state()


@pytest.mark.parametrize("threads", range(1, 9))
def test_one_multiset_of_facts_has_one_end_in_whatever_order_and_by_however_many(own_shop: Shop, threads: int) -> None:
    expected = in_order(own_shop)
    for number in range(PERMUTATIONS_EACH):
        seed = f"<{threads}/{number}>"
        random = Random(seed)
        with door.enter(own_shop.agency):
            world = World.opened(own_shop, seed)
        told = world.facts()
        told += random.choices(told, k=random.randint(0, len(told)))
        random.shuffle(told)
        side_by_side(own_shop.agency, tell, [told[at::threads] for at in range(threads)], threads=threads)
        with door.enter(own_shop.agency):
            assert world.state() == expected, seed
    with door.enter(own_shop.agency):
        assert proof.verify().findings == []
        assert not Conflict.objects.exists()
