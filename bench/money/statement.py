"""What a page of a long statement costs against a page of a short one, for somebody signed in, over a socket."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from django.test import Client as Visitor
from django.utils import timezone

from agencies import arrivals
from agencies.models import Agency
from bench import product, rounds
from bench.figures import Figure
from bench.ground import Ground
from bench.money import agencies, webhooks
from billing import ledger
from billing.models import LedgerEntry
from clients.models import Client
from people.models import User
from stack import terminal
from tenancy import door

SHORT, AT_ONCE = 1_000, 10_000


@dataclass(frozen=True)
class Reader:
    """Somebody of a client, signed in: the cookie, and the pages that are read."""

    cookie: str
    paths: list[str]


def measure(ground: Ground) -> Figure:
    """The time for a page: the newest entries, some of the middle, and those that add alone."""
    long = ground.knobs.sized(quick=50_000, normal=1_000_000, full=1_000_000)
    agency = agencies.opened("reads", wallets=0)
    Agency.objects.filter(pk=agency.pk).update(portal_is_on=True, portal_on_since=timezone.now())
    readers = {number: _reader(agency, number) for number in (SHORT, long)}
    agencies.prove(agency.slug, booked=sum(readers) - len(readers))
    host = f"{agency.slug}.{ground.variables['PLATFORM_HOST']}:{ground.ports.web}"
    terminal.say("  Pages of a statement, one after another")
    with product.running(ground, "web"), webhooks.callers() as crew:

        def reads(reader: Reader) -> rounds.Arm:
            order: dict[str, Any] = {
                "port": ground.ports.web,
                "host": host,
                "cookie": reader.cookie,
                "paths": reader.paths,
            }
            return lambda seconds: crew.run("read", seconds, **order).rate

        arms = {f"{number:,} entries": reads(reader) for number, reader in readers.items()}
        speed = rounds.take_turns(arms, ground.knobs.plan, unit="a second")
    short, lengthy = speed.values()
    return Figure("money", f"statement page, {long:,} entries to {SHORT:,}", short / lengthy, "x", at_most=1.5)


def _reader(agency: Agency, number: int) -> Reader:
    with door.enter(agency):
        user = User.objects.create_user(f"reader{number}@bench.test", name="Rita Reader")
        client = arrivals.arrive(user=user, name=f"{number} entries")
        with terminal.step(f"Booking {number:,} entries on one wallet") as step:
            for first in range(0, number, AT_ONCE):
                ledger.post_batch([_entry(client, n) for n in range(first, min(first + AT_ONCE, number))])
                step.progress(f"{first:,}")
    visitor = Visitor(HTTP_HOST=f"{agency.slug}.portal.localhost")
    with door.enter(agency):
        visitor.force_login(user)
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in visitor.cookies.items())
    return Reader(cookie, ["/statement/", f"/statement/?before={number // 2}", "/statement/?show=in"])


def _entry(client: Client, number: int) -> ledger.Movement:
    """Nine calls, then an allocation."""
    is_call = number % 10 != 0
    return ledger.Movement(
        client_id=client.pk,
        amount=-Random(number).randrange(1, 600) if is_call else 3_000,
        kind=LedgerEntry.Kind.USAGE if is_call else LedgerEntry.Kind.ALLOCATION,
        source="hms" if is_call else "agency",
        source_id=f"{client.pk}-{number}",
        fact={"seconds": number},
        livemode=True,
        actor=agencies.NOBODY,
    )
