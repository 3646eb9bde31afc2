"""The product's own processes, started with the commands that `make up` uses, and bare web servers beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from bench.ground import DATA, Ground
from stack import folders, processes, services, static_files, terminal
from stack.processes import Child, Supervisor
from stack.services import Answers, Service


@contextmanager
def running(ground: Ground, *names: str, beside: Sequence[Service] = ()) -> Iterator[Supervisor]:
    """These of the product's processes and the ones `beside` them, ready; gone at the end."""
    if not static_files.are_fresh(root=folders.ROOT, var=folders.VAR):
        with terminal.step("Collecting static files"):
            ground.run(*static_files.COMMAND)
        static_files.note(root=folders.ROOT, var=folders.VAR)
    table = [_lasting(service) for service in _table(ground) if service.name in names]
    supervisor = processes.Supervisor(var=DATA / "product", environment=ground.variables, cwd=folders.ROOT)
    with supervisor:
        with terminal.step(f"Starting {', '.join(service.name for service in [*table, *beside])}") as step:
            supervisor.start([*table, *beside], seconds=60, step=step)
        yield supervisor


def child(supervisor: Supervisor, name: str) -> Child:
    """The running process of this name."""
    return next(child for child in supervisor.children if child.service.name == name)


def web_like(ground: Ground, application: str, *, port: int, ready: str) -> Service:
    """Another application on the web server of the product: the same command but for the port and the application."""
    web = next(service for service in _table(ground) if service.name == "web")
    command = [str(port) if part == str(ground.ports.web) else part for part in web.command[:-1]]
    return Service("bare", (*command, application), Answers(port, ready, "localhost"))


def _lasting(service: Service) -> Service:
    """The worker keeps its processes to the end: replaced ones, as in production, would hide what they gather."""
    if service.name != "worker":
        return service
    return replace(service, command=(*service.command, "--max-tasks-per-child", "1000000000"))


def _table(ground: Ground) -> list[Service]:
    return services.product(ports=ground.ports, var=DATA / "product")
