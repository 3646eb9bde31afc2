"""Whether a worker gathers memory: it applies event after event, and the system says what it keeps to itself."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

from django.utils import timezone

from bench import product
from bench.figures import Figure
from bench.ground import Ground
from bench.money import shop
from bench.money.shop import Paid, Shop
from inbox import stripe_events, stripe_signature
from inbox.models import EventState, StripeEvent
from stack import terminal
from stack.processes import Supervisor

# Libraries are imported and caches filled while the first ones are applied.
SETTLING, AHEAD = 2_000, 500
_PATIENCE_SECONDS = 60


def measure(ground: Ground, supervisor: Supervisor, bought: Shop, paid: Sequence[Paid]) -> Figure:
    """Megabytes that the worker's processes grew by for each thousand events, once the first ones are over.

    The purchases are told of again and again, each time by another event: the whole way is gone, and nothing is booked.
    """
    number = ground.knobs.sized(quick=3_000, normal=10_000, full=100_000)
    worker = product.child(supervisor, "worker")
    group = worker.process.pid if worker.process else 0
    inbox = _Inbox(bought.agency.pk, paid)
    with terminal.step(f"Applying {number:,} events") as step:
        inbox.until(SETTLING, step)
        before = private_bytes(group)
        inbox.until(number, step)
        after = private_bytes(group)
    grown = (after - before) / 2**20 / ((number - SETTLING) / 1_000)
    return Figure("money", f"worker memory for 1,000 of {number:,} events", grown, "MB", at_most=1.0)


class _Inbox:
    """Feeds events about these purchases, never many more than are applied."""

    def __init__(self, agency_id: int, paid: Sequence[Paid]) -> None:
        self._agency_id = agency_id
        self._bodies = cycle([purchase.body for purchase in paid])
        self._given = 0
        self._before = self._applied()

    def until(self, number: int, step: terminal.Step) -> None:
        """Go on until this many are applied. Raises Trouble when nothing moves any more."""
        done, moved_at = 0, time.monotonic()
        while done < number:
            while self._given < min(number, done + AHEAD):
                self._give()
            now_done = self._applied() - self._before
            if now_done > done:
                done, moved_at = now_done, time.monotonic()
            if time.monotonic() - moved_at > _PATIENCE_SECONDS:
                raise terminal.Trouble(f"the worker applied {done} of {number} events and no more.")
            step.progress(f"{done:,}")
            time.sleep(0.05)

    def _give(self) -> None:
        body = next(self._bodies).replace("EVENT", f"evt_{uuid.uuid4().hex}").encode()
        now = timezone.now()
        header = stripe_signature.sign(body, [shop.SECRET], now)
        stripe_events.receive(agency_id=self._agency_id, payload=body, header=header, secrets=[shop.SECRET], now=now)
        self._given += 1

    def _applied(self) -> int:
        return StripeEvent.objects.filter(agency_id=self._agency_id, state=EventState.APPLIED).count()


def private_bytes(group: int) -> int:
    """What the processes of a group keep in memory that they share with nobody."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rpartition(")")[2].split()[2]) == group:
                kept = (folder / "smaps_rollup").read_text()
                total += sum(int(line.split()[1]) for line in kept.splitlines() if line.startswith("Private_"))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
    return total * 1_024
