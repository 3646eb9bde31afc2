"""2,000 webhooks, each purchase told several times, while every process of the product and both servers are killed:
what was paid is credited once, and nothing is left over."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from stack import servers
from tests.support.live import ROOT, Live, wait_for

pytestmark = [pytest.mark.flow, pytest.mark.xdist_group("storm")]
SLUG = "harbour"
CLIENTS, PURCHASES_EACH, DELIVERIES = 25, 20, 4
PURCHASES = CLIENTS * PURCHASES_EACH
SECONDS = 6_000
# Stripe goes on for three days; here the tries come every second.
PATIENCE = [1.0] * 120


@dataclass
class Storm:
    """A product on servers of its own, all of which may be killed."""

    live: Live
    own: servers.Servers

    def count(self, statement: str) -> int:
        """A number from the agency's schema; -1 while the database is away."""
        try:
            ((schema,),) = self.live.query("SELECT schema_name FROM agencies_agency WHERE slug = %s", SLUG)
            return int(self.live.query(statement, schema=schema)[0][0])
        except psycopg.OperationalError:
            return -1

    def credited(self) -> int:
        """Purchases in the ledger. Whatever has ended is started again meanwhile, as it is wherever the product runs:
        a Celery worker may end when its Redis goes."""
        self.live.supervisor.revive()
        return self.count("SELECT count(*) FROM billing_ledgerentry WHERE kind = 'purchase'")

    def kill_process(self, name: str) -> Callable[[], None]:
        def kill() -> None:
            self.live.kill(name)
            self.live.restart(name)

        return kill

    def kill_server(self, number: int) -> Callable[[], None]:
        def kill() -> None:
            server = self.own.own[number]
            assert server._process is not None
            os.kill(server._process.pid, signal.SIGKILL)
            wait_for(lambda: not server.is_running())
            self.own.revive()

        return kill


@pytest.fixture
def storm(tmp_path: Path) -> Iterator[Storm]:
    """Both servers as production has them: a commit that was answered is on disk."""
    with servers.running(tmp_path, given={}, logs=tmp_path / "log") as own:
        live = Live(var=tmp_path / "var", database_url=own.database_url, redis_url=own.redis_url)
        with live.supervisor:
            live.start()
            live.manage("demo")
            yield Storm(live, own)


def test_everything_is_killed_in_the_middle_of_2000_webhooks_and_reconcile_finds_no_difference(storm: Storm) -> None:
    sessions = started(storm.live)
    storm.live.sandbox(
        "POST", "stripe/settings", duplicate=DELIVERIES - 1, reorder=True, retry_seconds=PATIENCE, timeout_seconds=3.0
    )
    postgres, redis = 0, 1
    blows = [
        storm.kill_process("web"),
        storm.kill_process("worker"),
        storm.kill_server(redis),
        storm.kill_server(postgres),
        storm.kill_process("dispatch"),
        storm.kill_process("web"),
        storm.kill_server(postgres),
        storm.kill_process("worker"),
    ]
    with ThreadPoolExecutor(4) as buyers:
        paying = [buyers.submit(pay, storm.live, session) for session in sessions]
        for number, blow in enumerate(blows, 1):
            wait_for(lambda number=number: storm.credited() >= number * PURCHASES // 12, seconds=180)
            blow()
        for one in paying:
            one.result()

    wait_for(lambda: told(storm) == PURCHASES, seconds=180)
    wait_for(lambda: nothing_waits(storm), seconds=180)
    assert storm.credited() == PURCHASES
    assert storm.count("SELECT count(*) FROM billing_conflict") == 0
    assert storm.count("SELECT count(*) FROM billing_wallet WHERE balance <> 0") == CLIENTS
    assert storm.count("SELECT sum(balance) FROM billing_wallet") == PURCHASES * SECONDS
    assert "no findings" in storm.live.manage("verify_ledger", "--all")
    assert "0 differences" in storm.live.manage("reconcile", "--all")


def started(live: Live) -> list[str]:
    """The open Checkout sessions of the crowd's purchases."""
    command = [sys.executable, "-m", "tests.support.crowd", SLUG, str(CLIENTS), str(PURCHASES_EACH)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **live.environment}, check=True)
    ((schema,),) = live.query("SELECT schema_name FROM agencies_agency WHERE slug = %s", SLUG)
    rows = live.query("SELECT stripe_session_id FROM billing_purchase", schema=schema)
    assert len(rows) == PURCHASES
    return [str(session) for (session,) in rows]


def pay(live: Live, session: str) -> None:
    live.sandbox("POST", f"stripe/sessions/{session}/pay", method="card")


def told(storm: Storm) -> int:
    """Events that have arrived, each of which is brought several times."""
    storm.live.supervisor.revive()
    return storm.count("SELECT count(*) FROM public.inbox_stripeevent WHERE type LIKE 'checkout.%%'")


def nothing_waits(storm: Storm) -> bool:
    """No event is unsettled. Work whose worker was killed is handed out again after minutes, which are skipped."""
    storm.live.supervisor.revive()
    storm.count(
        "WITH late AS (UPDATE public.follow_ups_followup SET claimed_until = now(), due_at = least(due_at, now())"
        " WHERE kind = 'stripe_event' AND claimed_until < now() + interval '7 minutes' RETURNING 1)"
        " SELECT count(*) FROM late"
    )
    return storm.count("SELECT count(*) FROM public.inbox_stripeevent WHERE state IN ('received', 'failed')") == 0
