"""How soon HMS may let an inbound call begin: its question to the portal, when no client's endpoint is asked."""

from __future__ import annotations

import itertools
import statistics

from bench.figures import Figure
from bench.ground import Ground
from bench.hms import asking, reports
from bench.hms.agencies import Connected
from billing.models import Wallet
from calls.models import Hold
from stack import terminal
from tenancy import door

ASKED_A_SECOND, CONNECTIONS = 50, 16


def measure(ground: Ground, connected: Connected) -> Figure:
    """Milliseconds from the moment at which a question was due to its answer, for 99 of 100, all else running."""
    plan = ground.knobs.plan
    turn = itertools.cycle(connected.organizations)
    terminal.say(f"  HMS asks before a call, {ASKED_A_SECOND} a second")
    worst = []
    for number in range(plan.rounds + 1):
        asked = int((plan.seconds if number else plan.warm_seconds) * 2 * ASKED_A_SECOND)
        requests = [reports.asks_before_a_call(ground, next(turn)) for _ in range(asked)]
        took = asking.on_time(ground.ports.hooks, requests, a_second=ASKED_A_SECOND, connections=CONNECTIONS)
        if number:
            worst.append(statistics.quantiles(took, n=100)[-1] * 1000)
            terminal.say(f"    round {number}  99 of 100 within {worst[-1]:.1f} ms")
        _hang_up(connected)
    name = f"assistant-request, no client's endpoint, p99, {ASKED_A_SECOND} a second"
    return Figure("hms", name, statistics.median(worst), "ms", at_most=150.0)


def _hang_up(connected: Connected) -> None:
    """These calls are not in HMS's list, and would be looked for every three seconds: their holds go by themselves."""
    with door.enter(connected.agency):
        Hold.objects.all().delete()
        Wallet.objects.update(held=0)
