"""How fast a backlog of calls is taken in: read, rated, written and booked, against rows that pgbench inserts."""

from __future__ import annotations

import itertools
import random
import sys
from collections.abc import Iterator
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from bench import pgbench, rounds
from bench.crew import Crew
from bench.figures import Figure
from bench.ground import LOGS, Ground
from bench.hms import agencies
from bench.hms.agencies import Called, Connected
from organizations.models import Organization
from stack import terminal
from tenancy import door

CLIENTS, PROCESSES, AT_ONCE = 100, 2, 1_000
DAYS = 7
_INSERT, _SYNC = "pgbench, INSERT", "sync of a backlog"


def measure(ground: Ground) -> Figure:
    """Entries a second, HTTP excluded, as a share of pgbench's rows a second."""
    each = ground.knobs.sized(quick=50, normal=1_000, full=1_000)
    connected = agencies.connected(ground, "behind", clients=CLIENTS)
    with door.enter(connected.agency):
        Organization.objects.update(wanted_at=timezone.now() - timedelta(days=DAYS))
    _fill(ground, connected, each)
    agencies.lever(ground, "settings", rate_limit=1_000_000)
    if not _has_tables():
        pgbench.lay_out(ground)
    connection.close()
    terminal.say(f"  A backlog of {CLIENTS * each:,} calls over {CLIENTS} clients, {PROCESSES} processes")
    command = [sys.executable, "-m", "bench.hms.fetcher"]
    with Crew(command, size=PROCESSES, environment=ground.variables, log=LOGS / "fetchers.log") as crew:
        arm = _Syncing(crew, connected, ground.knobs.plan.rounds)
        speed = rounds.take_turns(
            {_INSERT: pgbench.script(ground, "insert", pgbench.INSERT), _SYNC: arm},
            ground.knobs.plan,
            unit="rows a second",
        )
    agencies.lever(ground, "settings", rate_limit=agencies.RATE_LIMIT)
    connected.prove(booked=arm.booked)
    name = f"sync of {CLIENTS * each:,} calls over {CLIENTS} clients, entries to pgbench INSERT"
    return Figure("hms", name, speed[_SYNC] / speed[_INSERT], "x", at_least=0.5)


class _Syncing:
    """An arm that has another share of the organizations each time; the first one, which warms up, has a small one."""

    def __init__(self, crew: Crew, connected: Connected, turns: int) -> None:
        warming = 2 * PROCESSES
        size = (len(connected.organizations) - warming) // turns
        pks = [str(each.pk) for each in connected.organizations]
        self._shares = iter([pks[:warming], *(pks[first : first + size] for first in range(warming, len(pks), size))])
        self._crew, self._slug, self.booked = crew, connected.agency.slug, 0

    def __call__(self, seconds: float) -> float:
        ran = self._crew.run("backlog", 60.0, agency=self._slug, organizations=next(self._shares))
        self.booked += ran.in_all
        return ran.rate


def _fill(ground: Ground, connected: Connected, each: int) -> None:
    """So many calls of every organization over the last days, in HMS's books, and nobody told of them."""
    chance = random.Random(1)
    with terminal.step(f"Making {len(connected.organizations) * each:,} calls at HMS") as step:
        made = 0
        calls = (_call(called, chance) for called in connected.organizations for _ in range(each))
        for some in _some(calls):
            agencies.lever(ground, "calls/finished", calls=some)
            made += len(some)
            step.progress(f"{made:,}")


def _call(called: Called, chance: random.Random) -> dict[str, object]:
    begun = timezone.now() - timedelta(seconds=chance.randrange(3_600, DAYS * 86_400 - 3_600))
    return {
        "organization_id": called.hms_id,
        "assistant_id": called.assistant_id,
        "started_at": begun.isoformat(),
        "duration_seconds": chance.randrange(5, 600),
        "from": f"+316{chance.randrange(10_000_000, 99_999_999)}",
    }


def _some(calls: Iterator[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    while some := list(itertools.islice(calls, AT_ONCE)):
        yield some


def _has_tables() -> bool:
    return "bench_inserted" in connection.introspection.table_names()
