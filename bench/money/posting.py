"""How fast seconds are booked: one by one, on one hot wallet, in batches, and with a whole purchase around it."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from django.db import connection

from agencies.models import Agency
from bench import pgbench, rounds
from bench.crew import Crew
from bench.figures import Figure
from bench.ground import LOGS, Ground
from bench.money import agencies, peer
from bench.rounds import Arm
from billing import packages
from stack import terminal
from tenancy import door

BATCHING = 2
_TPCB, _ALONE, _INSIDE, _SETTLED = "pgbench tpcb-like", "ledger.post", "ledger.post in atomic()", "purchases.settle"
_PEER = "django-hordak transfer_to"
_ROW, _HOT = "pgbench, UPDATE of one row", "ledger.post on one wallet"
_INSERT, _BATCH, _COPY = "pgbench, INSERT", "ledger.post_batch", "COPY, same shape"


def measure(ground: Ground) -> list[Figure]:
    """The figures of the ledger itself."""
    with terminal.step("Opening agencies"):
        for slug in ("alone", "inside", "hot", "batches"):
            agencies.opened(slug)
        _sell(agencies.opened("settled"))
        _like_entries(agencies.opened("copied"))
    pgbench.lay_out(ground)
    connection.close()
    command = [sys.executable, "-m", "bench.money.clerk"]
    size = pgbench.CLIENTS
    clerks = partial(Crew, command, size=size, environment=ground.variables, log=LOGS / "clerks.log")
    with peer.bookkeepers(ground, size=size) as bookkeepers, clerks() as crew:
        return [*_one_by_one(ground, crew, bookkeepers), *_hot(ground, crew), *_batches(ground, crew)]


def _one_by_one(ground: Ground, crew: Crew, bookkeepers: Crew) -> list[Figure]:
    terminal.say("  One by one, 8 clients")
    posting: dict[str, Any] = {"arm": "post", "is_hot": False}
    speed = _measured(
        ground,
        {
            _TPCB: pgbench.tpcb(ground),
            _ALONE: Booking(crew, "alone", **posting, is_inside=False),
            _INSIDE: Booking(crew, "inside", **posting, is_inside=True),
            _SETTLED: Booking(crew, "settled", arm="settle"),
            _PEER: lambda seconds: bookkeepers.run("transfer", seconds).rate,
        },
    )
    return [
        _figure("ledger.post, alone, to pgbench tpcb-like", speed[_ALONE] / speed[_TPCB], 1.0),
        _figure("ledger.post, inside atomic(), to pgbench tpcb-like", speed[_INSIDE] / speed[_TPCB], 0.7),
        _figure("ledger.post, alone, to transfer_to of django-hordak", speed[_ALONE] / speed[_PEER], 8.0),
        _figure("purchases.settle to pgbench tpcb-like", speed[_SETTLED] / speed[_TPCB], 0.25),
    ]


def _hot(ground: Ground, crew: Crew) -> list[Figure]:
    terminal.say("  One row, 8 clients")
    speed = _measured(
        ground,
        {
            _ROW: pgbench.script(ground, "one_row", pgbench.ONE_ROW),
            _HOT: Booking(crew, "hot", arm="post", is_hot=True, is_inside=True),
        },
    )
    return [
        _figure(
            "ledger.post on one wallet, inside atomic(), to pgbench UPDATE of one row", speed[_HOT] / speed[_ROW], 0.45
        )
    ]


def _batches(ground: Ground, crew: Crew) -> list[Figure]:
    terminal.say("  Batches of 1,000 calls over 100 wallets, 2 processes")
    speed = _measured(
        ground,
        {
            _INSERT: pgbench.script(ground, "insert", pgbench.INSERT),
            _BATCH: Booking(crew, "batches", arm="post_batch", size=BATCHING),
            _COPY: lambda seconds: crew.run("copy", seconds, size=BATCHING, agency="copied").rate,
        },
        unit="rows a second",
    )
    return [
        _figure("ledger.post_batch to pgbench INSERT", speed[_BATCH] / speed[_INSERT], 2.0),
        _figure("ledger.post_batch to COPY", 100 * speed[_BATCH] / speed[_COPY], 15.0, unit="%"),
    ]


def _measured(ground: Ground, arms: dict[str, Arm], *, unit: str = "a second") -> dict[str, float]:
    """Let the arms take turns, then prove the ledgers of those that booked."""
    speed = rounds.take_turns(arms, ground.knobs.plan, unit=unit)
    for arm in arms.values():
        if isinstance(arm, Booking):
            arm.prove()
    return speed


class Booking:
    """An arm that books in an agency of its own and remembers how much, to be proved at the end."""

    def __init__(self, crew: Crew, agency: str, *, arm: str, **order: Any) -> None:
        self._crew, self._agency, self._arm, self._order = crew, agency, arm, order
        self._booked = 0

    def __call__(self, seconds: float) -> float:
        ran = self._crew.run(self._arm, seconds, agency=self._agency, **self._order)
        self._booked += ran.in_all
        return ran.rate

    def prove(self) -> None:
        """Prove the ledger. Raises Trouble when it is not what was booked."""
        agencies.prove(self._agency, booked=self._booked)


def _figure(name: str, value: float, at_least: float, *, unit: str = "x") -> Figure:
    return Figure("money", name, value, unit, at_least=at_least)


def _sell(agency: Agency) -> None:
    with door.enter(agency):
        packages.save(name="100 credits", credits=100, price_minor=4_000, currency="eur")


def _like_entries(agency: Agency) -> None:
    with door.enter(agency), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_copied (LIKE billing_ledgerentry INCLUDING DEFAULTS INCLUDING INDEXES)")
