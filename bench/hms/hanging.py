"""What a portal's pages cost while clients' endpoints accept HMS's questions and never answer them."""

from __future__ import annotations

import itertools
import socket
import statistics
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from django.test import Client as Visitor
from django.utils import timezone

from agencies import arrivals
from agencies.models import Agency
from bench.figures import Figure
from bench.ground import Ground
from bench.hms import agencies, asking, reports
from bench.hms.agencies import Called
from bench.hms.asking import Request
from inbox import hms_targets
from people.models import User
from stack import terminal
from tenancy import door

# Eight of one agency's wait at once, so that it takes several agencies to have all lanes taken.
AGENCIES, CLIENTS = 10, 10
RELAYS_A_SECOND, PAGES_A_SECOND = 50, 10
_NONE, _HANGING = "nothing hangs", f"{RELAYS_A_SECOND} relays a second hang"


def measure(ground: Ground) -> Figure:
    """How much longer the portal's home page takes, 95 of 100 times, while relays hang."""
    plan = ground.knobs.plan
    seconds = plan.seconds * 4
    with _silent() as url:
        called = [each for number in range(AGENCIES) for each in _agency(ground, f"hangs{number}", url)]
        page = _home(ground)
        took: dict[str, list[float]] = {_NONE: [], _HANGING: []}
        terminal.say(f"  Home, {PAGES_A_SECOND} a second")
        _read(ground, page, plan.warm_seconds * 4)
        for number in range(1, plan.rounds + 1):
            for name, relayed in ((_NONE, []), (_HANGING, called)):
                took[name].append(_beside(ground, page, relayed, seconds))
                terminal.say(f"    round {number}  {name:<28} 95 of 100 within {took[name][-1] * 1000:.1f} ms")
    medians = {name: statistics.median(values) for name, values in took.items()}
    name = f"portal home, p95, while {RELAYS_A_SECOND} relays a second hang, to none"
    return Figure("hms", name, medians[_HANGING] / medians[_NONE], "x", at_most=1.5)


def _beside(ground: Ground, page: Request, relayed: list[Called], seconds: float) -> float:
    """The p95 of the page, in seconds, while tools of these organizations are called."""
    with ThreadPoolExecutor(1) as pool:
        turn = itertools.cycle(relayed)
        tools = [
            reports.calls_a_tool(ground, next(turn)) for _ in range(int(seconds * RELAYS_A_SECOND) if relayed else 0)
        ]
        others = pool.submit(asking.on_time, ground.ports.hooks, tools, a_second=RELAYS_A_SECOND, connections=64)
        took = _read(ground, page, seconds)
        others.result()
    return statistics.quantiles(took, n=20)[-1]


def _read(ground: Ground, page: Request, seconds: float) -> list[float]:
    pages = [page] * int(seconds * PAGES_A_SECOND)
    return asking.on_time(ground.ports.web, pages, a_second=PAGES_A_SECOND, connections=4)


def _agency(ground: Ground, slug: str, url: str) -> list[Called]:
    """The organizations of a new agency, whose clients' tools are all at this address."""
    connected = agencies.connected(ground, slug, clients=CLIENTS)
    with door.enter(connected.agency):
        for each in connected.organizations:
            hms_targets.save(organization_id=each.pk, url=url, secret="a secret of theirs", events=hms_targets.EVENTS)
    return list(connected.organizations)


def _home(ground: Ground) -> Request:
    """The home of somebody who is signed in at the portal of one of them."""
    agency = Agency.objects.get(slug="hangs0")
    Agency.objects.filter(pk=agency.pk).update(portal_is_on=True, portal_on_since=timezone.now())
    visitor = Visitor(HTTP_HOST=f"{agency.slug}.portal.localhost")
    with door.enter(agency):
        user = User.objects.create_user("home@bench.test", name="Hans Home")
        arrivals.arrive(user=user, name="Hans")
        visitor.force_login(user)
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in visitor.cookies.items())
    host = f"{agency.slug}.{ground.variables['PLATFORM_HOST']}:{ground.ports.web}"
    return Request("GET", "/", {"Host": host, "Cookie": cookie})


@contextmanager
def _silent() -> Iterator[str]:
    """The address of a server that takes every connection and says nothing."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:

        def take() -> None:
            # It ends when the server is closed.
            with suppress(OSError):
                while True:
                    taken.append(server.accept()[0])

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/tools"
        server.shutdown(socket.SHUT_RDWR)
    for connection in taken:
        connection.close()
