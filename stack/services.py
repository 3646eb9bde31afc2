"""Which processes make up the product, as data: the supervisor runs them, docker-compose.yml names the same ones."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from stack import environment
from stack.environment import Ports


@dataclass(frozen=True)
class Answers:
    """Ready when a GET of this path on loopback is answered with 200."""

    port: int
    path: str
    host: str


@dataclass(frozen=True)
class Says:
    """Ready when a line with these words appears in its output."""

    words: str


@dataclass(frozen=True)
class Service:
    """One process: its name in logs, its command, and how it shows that it is ready (None: by staying alive)."""

    name: str
    command: tuple[str, ...]
    ready: Answers | Says | None = None


def product(*, ports: Ports, var: Path) -> list[Service]:
    """The seven processes of the product on this machine, in the order in which they are started."""
    python = sys.executable
    web = f"--host 127.0.0.1 --port {ports.web} --workers 2 --blocking-threads 4 --http 1 --no-ws"
    # One process, whose threads mostly wait: it knows all that wait (organizations/relay.py).
    hooks = f"--host 127.0.0.1 --port {ports.hooks} --workers 1 --blocking-threads 64 --http 1 --no-ws"
    queues = "--queues 1-balances,2-everything-else"
    worker = f"worker --loglevel INFO --concurrency 2 {queues} -Ofair --without-mingle --without-gossip"
    # As many threads as wait for clients' endpoints at once, apart from the work that must not wait.
    courier = "worker --hostname courier@%h --pool threads --concurrency 16 --queues 3-deliveries"
    sandbox = f"--port {ports.sandbox} --smtp-port {ports.mail} --dns-port {ports.dns} --ingress {environment.INGRESS}"
    platform = f"http://portal.localhost:{ports.web}"
    celery = (python, "-m", "celery", "-A", "portal")
    return [
        Service(
            "sandbox",
            (
                *(python, "-m", "sandbox", *sandbox.split()),
                *("--platform", platform, "--state", str(var / "sandbox.sqlite3")),
            ),
            Answers(ports.sandbox, "/_sandbox/health", "localhost"),
        ),
        Service(
            "web",
            (python, "-m", "granian", "--interface", "wsgi", *web.split(), "portal.wsgi:application"),
            Answers(ports.web, "/healthz", "portal.localhost"),
        ),
        Service(
            "hooks",
            (python, "-m", "granian", "--interface", "wsgi", *hooks.split(), "portal.wsgi_hooks:application"),
            Answers(ports.hooks, "/healthz", "portal.localhost"),
        ),
        Service("worker", (*celery, *worker.split()), Says("ready.")),
        Service(
            "courier",
            (*celery, *courier.split(), *"--loglevel INFO --without-mingle --without-gossip".split()),
            Says("ready."),
        ),
        Service(
            "beat",
            (*celery, "beat", "--loglevel", "INFO", "-s", str(var / "beat" / "schedule")),
            Says("beat: Starting"),
        ),
        Service("dispatch", (python, "manage.py", "dispatch")),
    ]
