"""How many events of Stripe a second are stored and answered, and how soon after one the balance has moved."""

from __future__ import annotations

import http.client
import statistics
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench import caller, product, rounds, watching
from bench.bare import views
from bench.crew import Crew
from bench.figures import Figure
from bench.ground import LOGS, Ground
from bench.money import agencies, shop
from bench.money.shop import Paid, Shop
from stack import environment, terminal

# More than either of the two answers in a second.
_MOST_A_SECOND = 6_000
EVENTS_A_SECOND, SENDERS, LOOK_EVERY = 50, 5, 0.02
_OURS, _BARE = "the webhook", "bare view with one INSERT"


def receiving(ground: Ground) -> Figure:
    """Requests a second of the webhook against those of a bare view on the same web server."""
    agency = agencies.opened("receives", wallets=1)
    shop.connect(agency, {"account_id": "acct_1", "publishable_key": "pk_test_1", "secret_key": "sk_test_1"})
    ground.sql(views.TABLE)
    told: dict[str, Any] = {
        "secret": shop.SECRET,
        "body": shop.body("cs_test_1", uuid.uuid4()),
        "most_a_second": _MOST_A_SECOND,
    }
    ours = told | to_stripes_address(ground, agency.slug)
    bare_port = environment.find_free().web
    bare = told | {"port": bare_port, "host": "localhost", "path": "/receive"}
    beside = [product.web_like(ground, "bench.bare.wsgi:application", port=bare_port, ready="/healthz")]
    terminal.say("  Events to 200, 16 connections")
    with product.running(ground, "web", beside=beside), callers() as crew:
        speed = rounds.take_turns(
            {
                _OURS: lambda seconds: crew.run("report", seconds, **ours).rate,
                _BARE: lambda seconds: crew.run("report", seconds, **bare).rate,
            },
            ground.knobs.plan,
            unit="a second",
        )
    name = "webhook to 200, to a bare view with one INSERT"
    return Figure("money", name, speed[_OURS] / speed[_BARE], "x", at_least=0.5)


def crediting(ground: Ground, bought: Shop) -> tuple[list[Paid], Figure]:
    """Seconds from sending an event until its balance has moved for everybody to see, for 95 of 100 events.

    With the purchases that were made for it.
    """
    plan = ground.knobs.plan
    number = int(plan.rounds * plan.seconds * EVENTS_A_SECOND)
    paid = bought.paid(number)
    order = {"secret": shop.SECRET} | to_stripes_address(ground, bought.agency.slug)
    terminal.say(f"  {number} events, {EVENTS_A_SECOND} a second")
    with ThreadPoolExecutor(SENDERS) as pool:
        start = time.monotonic() + 0.5
        senders = [pool.submit(_send, order, list(enumerate(paid))[first::SENDERS], start) for first in range(SENDERS)]
        seen_at = _watch(ground, bought.agency.schema_name, number)
        sent_at = {key: at for sender in senders for key, at in sender.result().items()}
    took = [seen_at[key] - at for key, at in sorted(sent_at.items(), key=lambda item: item[1])]
    each = len(took) // plan.rounds
    worst = [statistics.quantiles(took[each * n : each * (n + 1)], n=20)[-1] for n in range(plan.rounds)]
    for count, value in enumerate(worst, 1):
        terminal.say(f"    round {count}  95 of 100 within {value:.3f} s")
    name = f"webhook to balance, p95, {EVENTS_A_SECOND} a second"
    return paid, Figure("money", name, statistics.median(worst), "s", at_most=1.0)


def to_stripes_address(ground: Ground, slug: str) -> dict[str, Any]:
    """Where an agency's events go."""
    host = f"{ground.variables['PLATFORM_HOST']}:{ground.ports.web}"
    return {"port": ground.ports.web, "host": host, "path": f"/api/webhooks/stripe/{slug}"}


def callers() -> Crew:
    """One process is enough: it makes a request in a fraction of the time in which it is answered."""
    return Crew([sys.executable, "-m", "bench.caller"], size=1, environment={}, log=LOGS / "callers.log")


def _send(order: Mapping[str, Any], paid: Sequence[tuple[int, Paid]], start: float) -> dict[str, float]:
    """Report each purchase when its turn comes; when each was sent, by its id."""
    sent_at = {}
    line = http.client.HTTPConnection("127.0.0.1", order["port"], timeout=30)
    for number, purchase in paid:
        time.sleep(max(0.0, start + number / EVENTS_A_SECOND - time.monotonic()))
        sent_at[str(purchase.purchase_id)] = time.monotonic()
        head, _, body = caller.event(order, purchase.body).partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        line.request("POST", order["path"], body=body, headers=headers)
        answer = line.getresponse()
        answer.read()
        if answer.status != 200:
            raise terminal.Trouble(f"an event was answered with {answer.status}.")
    line.close()
    return sent_at


def _watch(ground: Ground, schema: str, number: int) -> dict[str, float]:
    """When each purchase's entry was there for others to see."""
    look = f"SELECT source_id FROM \"{schema}\".billing_ledgerentry WHERE kind = 'purchase' AND created_at > %s"
    patience = 60 + number / EVENTS_A_SECOND
    return watching.first_seen(ground.database_url, look, number, every=LOOK_EVERY, patience=patience)
