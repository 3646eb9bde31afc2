"""pgbench, PostgreSQL's own load maker, as an arm: what the server does when its client is written in C.

Always with eight clients and the simple protocol, which is pgbench's default and what Django's psycopg speaks, too.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence

from bench.ground import Ground
from bench.rounds import Arm
from stack import postgres, terminal

CLIENTS = 8
# As many branches as clients, at the least, or they wait for each other; and all of it fits the server's memory.
SCALE = 10
_RATE = re.compile(r"^tps = ([0-9.]+) \(without initial connection time\)", re.MULTILINE)

_TABLES = (
    "CREATE TABLE bench_one (id int PRIMARY KEY, balance bigint NOT NULL) WITH (fillfactor = 50)",
    "INSERT INTO bench_one VALUES (1, 0)",
    """CREATE TABLE bench_inserted (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, wallet int NOT NULL,
       amount bigint NOT NULL, created_at timestamptz NOT NULL)""",
)
ONE_ROW = "UPDATE bench_one SET balance = balance + 1 WHERE id = 1;\n"
INSERT = """\\set wallet random(1, 1000)
INSERT INTO bench_inserted (wallet, amount, created_at) VALUES (:wallet, -60, now());
"""


def lay_out(ground: Ground) -> None:
    """Make pgbench's own tables and those of our scripts."""
    ground.sql(*_TABLES)
    with terminal.step(f"Laying out pgbench, scale {SCALE}"):
        _run(ground, ["-i", "-q", "-s", str(SCALE)])


def tpcb(ground: Ground) -> Arm:
    """The tpcb-like script: three UPDATEs, a SELECT and an INSERT in one transaction, seven statements."""
    return lambda seconds: _rate(ground, ["-b", "tpcb-like"], seconds)


def script(ground: Ground, name: str, text: str) -> Arm:
    """A script of our own."""
    from bench.ground import DATA

    path = DATA / f"{name}.sql"
    path.write_text(text)
    return lambda seconds: _rate(ground, ["-f", str(path)], seconds)


def _rate(ground: Ground, arguments: Sequence[str], seconds: float) -> float:
    length = str(max(1, round(seconds)))
    told = _run(ground, ["-n", "-M", "simple", "-c", str(CLIENTS), "-j", "2", "-T", length, *arguments])
    found = _RATE.search(told)
    if found is None:
        raise terminal.Trouble("pgbench did not say how fast it was.", detail=told)
    return float(found[1])


def _run(ground: Ground, arguments: Sequence[str]) -> str:
    command = [str(postgres.programs() / "pgbench"), *arguments, ground.database_url]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise terminal.Trouble("pgbench failed.", detail=answer.stderr)
    return answer.stdout
