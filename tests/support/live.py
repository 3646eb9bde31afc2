"""The product as it runs: web, worker, beat, dispatcher and sandbox as processes, with a database of their own.

Tests talk to it over sockets alone, and may kill any of its processes.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg

from stack import environment, processes, services, terminal
from tests.support.wire import TLS

ROOT = Path(__file__).resolve().parents[2]
Found = TypeVar("Found")


class Loopback(httpx.HTTPTransport):
    """Connects every name to this machine, as browsers do with *.localhost."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        there = httpx.Request(
            request.method,
            request.url.copy_with(host="127.0.0.1"),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return super().handle_request(there)


class Live:
    """A running product. `web` and `sandbox` are addresses; pages are asked for with `browser()`.

    `names`: only these of its processes. `variables` go before those of `make up`.
    """

    def __init__(
        self, *, var: Path, database_url: str, redis_url: str, names: Collection[str] = (), **variables: str
    ) -> None:
        self.ports = environment.find_free()
        self.sandbox_url = f"http://127.0.0.1:{self.ports.sandbox}"
        kept = environment.keep_secrets(var / "secrets.env")
        local = environment.local(ports=self.ports, database_url=database_url, redis_url=redis_url, kept=kept)
        self.environment = {**local, **variables}
        self.names = names
        (var / "beat").mkdir(parents=True)
        self.supervisor = processes.Supervisor(var=var, environment=self.environment, cwd=ROOT)
        self.var = var

    def start(self) -> None:
        self.manage("migrate_all")
        table = services.product(ports=self.ports, var=self.var)
        table = [service for service in table if not self.names or service.name in self.names]
        with terminal.step("Starting the product") as step:
            self.supervisor.start(table, seconds=60, step=step)

    def address(self, host: str, path: str = "/") -> str:
        """The address of a page; `host` is a slug, or empty for the platform."""
        name = f"{host}.portal.localhost" if host else "portal.localhost"
        return f"http://{name}:{self.ports.web}{path}"

    def browser(self) -> httpx.Client:
        """A person without JavaScript: keeps cookies, follows redirects."""
        return httpx.Client(transport=Loopback(verify=TLS), follow_redirects=True, timeout=20)

    def manage(self, *arguments: str) -> str:
        """Run an operator's command to its end and return what it printed."""
        run = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr[-2000:]
        return run.stdout

    def sandbox(self, verb: str, path: str, /, **body: Any) -> Any:
        """Turn one of the sandbox's knobs."""
        answer = httpx.request(verb, f"{self.sandbox_url}/_sandbox/{path}", json=body or None, timeout=30, verify=TLS)
        answer.raise_for_status()
        return answer.json()

    def mail_to(self, address: str) -> dict[str, str]:
        """The newest mail to an address, as soon as there is one."""
        return wait_for(lambda: next(iter(self.sandbox("GET", f"mail?to={address}")), None))

    def child(self, name: str) -> processes.Child:
        return next(child for child in self.supervisor.children if child.service.name == name)

    def kill(self, name: str) -> None:
        """SIGKILL to a process and all its children: no farewell."""
        self.child(name).signal_group(signal.SIGKILL)
        wait_for(lambda: self.child(name).exit_status() is not None)

    def restart(self, name: str) -> None:
        """Start a killed process again and wait until it is ready."""
        child = self.child(name)
        child.said_ready.clear()
        child.start(environment=self.supervisor.environment, cwd=ROOT)
        wait_for(child.is_ready, seconds=30)

    def query(self, statement: str, *values: object, schema: str = "public") -> list[tuple[Any, ...]]:
        """Look into a schema of the database, as nobody but a test may."""
        with psycopg.connect(self.environment["DATABASE_URL"], autocommit=True) as connection:
            connection.execute(f'SET search_path = "{schema}", public')
            return connection.execute(statement, values).fetchall()


def wait_for(look: Callable[[], Found | None], *, seconds: float = 20) -> Found:
    """What `look` finds, as soon as it finds something. Fails after `seconds`."""
    deadline, pause = time.monotonic() + seconds, 0.02
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(pause)
        # Who looks all the time keeps what it waits for from its work.
        pause = min(pause * 1.25, 0.25)


@contextlib.contextmanager
def running(var: Path, *, redis: int = 9, names: Collection[str] = (), **variables: str) -> Iterator[Live]:
    """A product of its own, gone afterwards with everything it kept. Two at once need different numbers in `redis`."""
    given = os.environ["DATABASE_URL"]
    name = f"live_{os.getpid()}_{redis}"
    with psycopg.connect(given, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    parts = urlsplit(given)
    live = Live(
        var=var,
        database_url=urlunsplit(parts._replace(path=f"/{name}")),
        redis_url=f"{os.environ['REDIS_URL'].rsplit('/', 1)[0]}/{redis}",
        names=names,
        **variables,
    )
    try:
        with live.supervisor:
            live.start()
            yield live
    finally:
        shutil.copytree(var / "log", ROOT / "var/log/live", dirs_exist_ok=True)
        with psycopg.connect(given, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
