"""A ledger of a few lines of Python beside the real one: whatever is done to both, they agree, and the proof holds."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

import pytest
from django.db import OperationalError, connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from agencies.models import Agency
from billing import ledger, proof, wallets
from billing.ledger import Outcome, Posting
from billing.models import Conflict, LedgerEntry, Wallet
from tenancy import door, template
from tests.support.booking import book, clients, movement, side_by_side

WALLETS = 3
ASKED = st.tuples(
    st.integers(0, WALLETS - 1),
    st.integers(0, 12),
    st.one_of(st.sampled_from([-60, 60, 61]), st.integers(-(10**12), 10**12).filter(bool)),
)
Asked = tuple[int, int, int]


class Killed(Exception):
    """The work was cut off before its commit."""


@dataclass
class Model:
    """What the ledger has to be: entries by wallet, facts by key."""

    entries: list[list[int]] = field(default_factory=lambda: [[] for _ in range(WALLETS)])
    held: list[int] = field(default_factory=lambda: [0] * WALLETS)
    keys: dict[int, tuple[int, int, Posting]] = field(default_factory=dict)
    conflicts: set[tuple[int, int]] = field(default_factory=set)

    def post(self, wallet: int, key: int, amount: int) -> Posting:
        entries = self.entries[wallet]
        if key not in self.keys:
            entries.append(amount)
            posting = Posting(Outcome.POSTED, len(entries), amount, sum(entries))
            self.keys[key] = wallet, amount, posting
            return posting
        owner, fact, stored = self.keys[key]
        if (owner, fact) == (wallet, amount):
            return Posting(Outcome.REPLAYED, stored.version, stored.amount, stored.balance_after)
        self.conflicts.add((key, amount))
        return Posting(Outcome.CONFLICT, len(entries), 0, sum(entries))


class LedgerMachine(RuleBasedStateMachine):
    agency: Agency

    @initialize()
    def start(self) -> None:
        self.model = Model()
        self.inside = door.enter(self.agency)
        self.inside.__enter__()
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA "{self.agency.schema_name}" CASCADE')
        with transaction.atomic():
            template.create_schema(self.agency.schema_name)
        self.ids = [client.pk for client in clients(WALLETS)]

    def teardown(self) -> None:
        self.inside.__exit__(None, None, None)

    def movements(self, asked: list[Asked]) -> list[ledger.Movement]:
        return [movement(self.ids[wallet], key, amount) for wallet, key, amount in asked]

    @rule(asked=ASKED)
    def post(self, asked: Asked) -> None:
        wallet, key, amount = asked
        assert book(self.ids[wallet], key, amount) == self.model.post(wallet, key, amount)

    @rule(asked=st.lists(ASKED, max_size=8))
    def post_batch(self, asked: list[Asked]) -> None:
        assert ledger.post_batch(self.movements(asked)) == [self.model.post(*one) for one in asked]

    @rule(asked=st.lists(ASKED, max_size=4), batch=st.booleans())
    def roll_back(self, asked: list[Asked], batch: bool) -> None:
        try:
            with transaction.atomic():
                self._book(asked, batch)
                raise Killed
        except Killed:
            return

    @rule(asked=st.lists(ASKED, max_size=4), batch=st.booleans())
    def crash_before_the_commit(self, asked: list[Asked], batch: bool) -> None:
        with pytest.raises(OperationalError), transaction.atomic(), connection.cursor() as cursor:
            self._book(asked, batch)
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        connection.close()

    def _book(self, asked: list[Asked], batch: bool) -> None:
        if batch:
            ledger.post_batch(self.movements(asked))
            return
        for wallet, key, amount in asked:
            book(self.ids[wallet], key, amount)

    @rule(wallet=st.integers(0, WALLETS - 1), seconds=st.integers(0, 200))
    def hold(self, wallet: int, seconds: int) -> None:
        available = sum(self.model.entries[wallet]) - self.model.held[wallet]
        if seconds > max(available, 0):
            with pytest.raises(wallets.NotEnoughAvailable):
                wallets.set_aside(self.ids[wallet], seconds)
        else:
            assert wallets.set_aside(self.ids[wallet], seconds).available == available - seconds
            self.model.held[wallet] += seconds

    @rule(wallet=st.integers(0, WALLETS - 1), seconds=st.integers(0, 200))
    def release(self, wallet: int, seconds: int) -> None:
        if seconds > self.model.held[wallet]:
            with pytest.raises(wallets.MoreThanHeld):
                wallets.give_back(self.ids[wallet], seconds)
        else:
            wallets.give_back(self.ids[wallet], seconds)
            self.model.held[wallet] -= seconds

    @invariant()
    def the_two_agree(self) -> None:
        for wallet, client_id in enumerate(self.ids):
            entries = list(reversed(ledger.statement(client_id, limit=1_000)))
            amounts = self.model.entries[wallet]
            assert [entry.amount for entry in entries] == amounts
            assert [entry.balance_after for entry in entries] == list(itertools.accumulate(amounts))
            stand = wallets.get(client_id)
            assert (stand.balance, stand.held) == (sum(amounts), self.model.held[wallet])
        assert {(int(row.source_id), row.amount) for row in Conflict.objects.all()} == self.model.conflicts

    @invariant()
    def the_ledger_is_proved(self) -> None:
        held = dict(zip(self.ids, self.model.held, strict=True))
        assert proof.verify(open_holds=lambda ids: held).findings == []


def test_the_ledger_does_what_its_model_does(own_agency: Agency) -> None:
    machine = type("Machine", (LedgerMachine,), {"agency": own_agency})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=20,
            database=None,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_facts_in_any_order_any_number_of_times_and_side_by_side_end_in_the_same_balances(own_agency: Agency) -> None:
    """M1. Entries differ in their order, and so in their digests: balances and what each key booked may not."""
    facts = [(wallet, f"{wallet}-{number}", 7 * number - 40) for wallet in range(3) for number in range(1, 9)]
    ends = set()
    for seed in range(8):
        random = Random(seed)
        with door.enter(own_agency):
            ids = [client.pk for client in clients(3)]
        given = random.sample(facts, len(facts)) + random.choices(facts, k=20)
        random.shuffle(given)
        side_by_side(
            own_agency, poster(ids, seed), [given[at : at + 5] for at in range(0, len(given), 5)], threads=1 + seed % 4
        )
        with door.enter(own_agency):
            ends.add(state(ids))
            assert proof.verify().findings == []
    assert len(ends) == 1


def poster(ids: list[UUID], seed: int) -> Callable[[list[tuple[int, str, int]]], None]:
    def post(part: list[tuple[int, str, int]]) -> None:
        asked = [movement(ids[wallet], f"{seed}/{key}", amount) for wallet, key, amount in part]
        if len(part) % 2 == seed % 2:
            ledger.post_batch(asked)
        else:
            for one in asked:
                ledger.post_batch([one])

    return post


def state(ids: list[UUID]) -> tuple[object, ...]:
    balances = [Wallet.objects.get(pk=client_id).balance for client_id in ids]
    booked = LedgerEntry.objects.filter(wallet_id__in=ids).values_list("source_id", "amount")
    return tuple(balances), frozenset((key.split("/")[1], amount) for key, amount in booked)
