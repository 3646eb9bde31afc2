"""What every group stands on: servers as in production (nothing is lost at a power cut), and a public schema.

The servers are the bench's own unless the environment names others; their data lie in `var/bench` and go at the end.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psycopg

from bench.knobs import Knobs
from stack import environment, folders, lock, servers, terminal

FOLDER = folders.VAR / "bench"
LOGS = folders.VAR / "log" / "bench"
# What a made environment costs in time is kept from run to run, servers' data are not.
DATA = FOLDER / "data"


@dataclass(frozen=True)
class Ground:
    """Where the servers are, and how long to measure. `variables` is the environment of the product's processes."""

    knobs: Knobs
    ports: environment.Ports
    database_url: str
    variables: Mapping[str, str]

    def run(self, *command: str, **variables: str) -> None:
        """Run a command to its end. Raises Trouble with its last lines when it fails."""
        answer = subprocess.run(
            command,
            cwd=folders.ROOT,
            env={**os.environ, **self.variables, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode:
            last = (answer.stdout + answer.stderr).strip().splitlines()[-6:]
            raise terminal.Trouble(f"{' '.join(command[:4])} failed.", detail="\n".join(last))

    def sql(self, *statements: str) -> None:
        """Run statements, each on its own."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def other_database(self, name: str) -> str:
        """The address of a new empty database on the same server."""
        self.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"')
        before, _, query = self.database_url.partition("?")
        return f"{before.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


@contextlib.contextmanager
def prepared(knobs: Knobs) -> Iterator[Ground]:
    """Servers, and Django set up on them with the public schema migrated."""
    with lock.held(folders.VAR / "run" / "bench.lock"):
        servers.end_leftovers(DATA)
        shutil.rmtree(DATA, ignore_errors=True)
        DATA.mkdir(parents=True)
        LOGS.mkdir(parents=True, exist_ok=True)
        try:
            with servers.running(DATA, given=os.environ, logs=LOGS) as found:
                ports = environment.find_free()
                variables = environment.local(
                    ports=ports,
                    database_url=found.database_url,
                    redis_url=found.redis_url,
                    kept=environment.keep_secrets(DATA / "secrets.env"),
                )
                ground = Ground(knobs, ports, found.database_url, variables)
                with terminal.step("Migrating"):
                    ground.run(sys.executable, "manage.py", "migrate_all")
                os.environ.update(variables)
                _set_up_django()
                yield ground
        finally:
            shutil.rmtree(DATA, ignore_errors=True)


def _set_up_django() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    django.setup()
