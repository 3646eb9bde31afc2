"""Hosts: what it costs to know one among many, and how soon the proxy hears whether a certificate is allowed."""

from __future__ import annotations

import http.client
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies.models import Agency
from bench import product, rounds
from bench.figures import Figure
from bench.ground import Ground
from branding.models import Branding
from domains import resolver
from domains.models import Domain, State
from stack import terminal

FEW, MANY = 10, 10_000
ASKED_A_SECOND, CONNECTIONS = 200, 16
_COLD, _WARM = "cold", "warm"


def measure(ground: Ground) -> list[Figure]:
    """All figures of the group. The many domains are in the ground's own database, the few in another one."""
    large = str(connection.settings_dict["NAME"])
    few = ground.other_database("few_domains")
    with terminal.step("Migrating a database for few domains"):
        ground.run(sys.executable, "manage.py", "migrate_all", DATABASE_URL=few)
    hosts = {}
    for name, number in (("few_domains", FEW), (large, MANY)):
        _turn_to(name)
        with terminal.step(f"Making {number} domains"):
            hosts[name] = _filled(number)
    try:
        return [*_resolving(ground, hosts, large), _allowing(ground, hosts[large])]
    finally:
        _turn_to(large)


def _resolving(ground: Ground, hosts: dict[str, list[str]], large: str) -> list[Figure]:
    asked = {each: max(_queries(name, hosts[name], each) for name in hosts) for each in (_COLD, _WARM)}
    arms = {f"{each}, {len(hosts[name])} domains": _arm(name, hosts[name], each) for each in asked for name in hosts}
    terminal.say("  Hosts resolved")
    speed = rounds.take_turns(arms, ground.knobs.plan, unit="a second")
    found = []
    for each, most in ((_COLD, 1), (_WARM, 0)):
        name = f"resolving a known host, {each}"
        ratio = speed[f"{each}, {MANY} domains"] / speed[f"{each}, {FEW} domains"]
        found.append(Figure("domains", f"{name}, queries", asked[each], "queries", at_most=most))
        found.append(Figure("domains", f"{name}, among {MANY:,} to among {FEW}", ratio, "x", at_least=0.7))
    return found


def _allowing(ground: Ground, hosts: list[str]) -> Figure:
    """Milliseconds from the moment at which a question was due to its answer, for 99 of 100, on the real web server.

    Questions come when they are due, whether or not others have been answered. Every other one is about an unknown
    name.
    """
    own = [host for host in hosts if host.endswith(".test")]
    names = itertools.cycle(each for number, host in enumerate(own) for each in (host, f"unknown{number}.test"))
    terminal.say(f"  Questions of the proxy, {ASKED_A_SECOND} a second")
    worst = []
    with product.running(ground, "web"):
        plan = ground.knobs.plan
        _asked(ground.ports.web, list(itertools.islice(names, int(plan.warm_seconds * ASKED_A_SECOND))))
        for number in range(1, plan.rounds + 1):
            took = _asked(ground.ports.web, list(itertools.islice(names, int(plan.seconds * ASKED_A_SECOND))))
            worst.append(statistics.quantiles(took, n=100)[-1] * 1000)
            terminal.say(f"    round {number}  99 of 100 within {worst[-1]:.1f} ms")
    name = f"tls-allowed, p99, {ASKED_A_SECOND} a second"
    return Figure("domains", name, statistics.median(worst), "ms", at_most=20.0)


def _asked(port: int, names: Sequence[str]) -> list[float]:
    """Seconds from when each question was due to its answer."""
    start = time.monotonic() + 0.2
    turns = iter(enumerate(names))
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        found = [pool.submit(_ask, port, turns, start) for _ in range(CONNECTIONS)]
        return [seconds for each in found for seconds in each.result()]


def _ask(port: int, turns: Iterator[tuple[int, str]], start: float) -> list[float]:
    """Ask over one connection whatever is next, as soon as it is due."""
    took = []
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for number, name in turns:
        due = start + number / ASKED_A_SECOND
        time.sleep(max(0.0, due - time.monotonic()))
        line.request("GET", f"/internal/tls-allowed?domain={name}")
        answer = line.getresponse()
        answer.read()
        took.append(time.monotonic() - due)
        if answer.status != (403 if name.startswith("unknown") else 200):
            raise terminal.Trouble(f"the question about {name} was answered with {answer.status}.")
    line.close()
    return took


def _arm(database: str, hosts: list[str], how: str) -> rounds.Arm:
    def resolved(seconds: float) -> float:
        _turn_to(database)
        resolve = _resolve(how)
        resolve(hosts[0])
        turn = itertools.cycle(hosts if how == _COLD else _warmed(hosts))
        done, began_at = 0, time.perf_counter()
        while time.perf_counter() < began_at + seconds:
            resolve(next(turn))
            done += 1
        return done / (time.perf_counter() - began_at)

    return resolved


def _resolve(how: str) -> Callable[[str], object]:
    def cold(host: str) -> object:
        resolver._kept.clear()
        return resolver.resolve(host)

    return cold if how == _COLD else resolver.resolve


def _warmed(hosts: list[str]) -> list[str]:
    """Some of the hosts, known to this process from now on."""
    some = hosts[:: max(1, len(hosts) // 1000)]
    for host in some:
        resolver.resolve(host)
    return some


def _queries(database: str, hosts: list[str], how: str) -> int:
    """The most queries that one of the hosts cost."""
    _turn_to(database)
    resolve, most = _resolve(how), 0
    for host in _warmed(hosts):
        with CaptureQueriesContext(connection) as queries:
            resolve(host)
        most = max(most, len(queries))
    return most


def _turn_to(database: str) -> None:
    """Use another database of the same server from now on."""
    resolver._kept.clear()
    used: BaseDatabaseWrapper = connection
    used.close()
    used.settings_dict["NAME"] = database


def _filled(number: int) -> list[str]:
    """This many hosts: half of them of slugs, half of them agencies' own. The agencies have no schema."""
    now = timezone.now()
    agencies = Agency.objects.bulk_create([Agency(slug=f"host{each}") for each in range(number // 2)])
    Branding.objects.bulk_create([Branding(agency=agency, company_name=agency.slug) for agency in agencies])
    domains = [Domain(domain=f"{agency.slug}.portal.localhost", tenant=agency, is_primary=True) for agency in agencies]
    domains += [
        Domain(
            domain=f"{agency.slug}.agency.test",
            tenant=agency,
            kind=Domain.Kind.CUSTOM,
            state=State.ACTIVE,
            token=agency.slug,
            active_at=now,
        )
        for agency in agencies
    ]
    Domain.objects.bulk_create(domains)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return [domain.domain for domain in domains]
