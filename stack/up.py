"""`make up`: from an installed checkout to a running product, step by step, until someone ends it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from stack import environment, folders, lock, processes, servers, services, static_files, terminal
from stack.services import Service

READY_SECONDS = 90.0


def run() -> None:
    """Returns when the product was asked to end and has ended. Raises Trouble when it cannot run."""
    var = folders.VAR
    ports = environment.read_ports(os.environ)
    with lock.held(lock.of_product(var)) as owner_before:
        ended = servers.end_leftovers(var)
        if owner_before or ended:
            terminal.say(f"  The last run (process {owner_before}) did not end by itself; ended what it left: {ended}.")
        environment.require_free(ports)
        try:
            _serve(var, ports)
        except processes.Stopped:
            terminal.say("\nStopped. Everything is kept; `make up` goes on from here, `make reset` starts over.")
        finally:
            state_path(var).unlink(missing_ok=True)


def state_path(var: Path) -> Path:
    """The environment of the running product, for `make psql` and for commands in another terminal."""
    return var / "run" / "environment.json"


def _serve(var: Path, ports: environment.Ports) -> None:
    supervisor = processes.Supervisor(var=var, environment={}, cwd=folders.ROOT)
    with supervisor.signals(), servers.running(var, given=os.environ, logs=var / "log") as found:
        variables = environment.local(
            ports=ports,
            database_url=found.database_url,
            redis_url=found.redis_url,
            embedded=bool(found.own),
            kept=environment.keep_secrets(var / "secrets.env"),
        )
        supervisor.environment.update(variables)
        _write_private(state_path(var), json.dumps(variables))
        with supervisor:
            _prepare(supervisor, var)
            table = services.product(ports=ports, var=var)
            with terminal.step("Starting the product") as step:
                supervisor.start(table, seconds=READY_SECONDS, step=step)
            with terminal.step("Opening the demo agency") as step:
                lines = supervisor.run(_manage("demo"), step=step)
            _greet(ports, lines)
            while True:
                found.revive()
                supervisor.revive()
                time.sleep(0.2)


def _prepare(supervisor: processes.Supervisor, var: Path) -> None:
    (var / "beat").mkdir(parents=True, exist_ok=True)
    with terminal.step("Migrating") as step:
        supervisor.run(_manage("migrate_all"), step=step)
    if not static_files.are_fresh(root=folders.ROOT, var=var):
        with terminal.step("Collecting static files") as step:
            supervisor.run(Service("collectstatic", static_files.COMMAND), step=step)
        static_files.note(root=folders.ROOT, var=var)


def _manage(name: str, *arguments: str) -> Service:
    return Service(name, (sys.executable, "manage.py", name, *arguments))


def _greet(ports: environment.Ports, lines: Sequence[str]) -> None:
    terminal.say(f"\nReady: http://portal.localhost:{ports.web}\n")
    for line in lines:
        terminal.say(f"  {line}" if line else "")
    terminal.say("\nCtrl-C ends everything. Logs are in var/log.\n")


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
