"""How many requests wait for customers' endpoints at once in this process: few for one agency, never every thread.

An endpoint that failed several times in a row is left alone for a while, then tried with one request. Nothing waits for
a lane: whoever finds none is told at once.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_REMEMBERED = 10_000


class NoLane(RuntimeError):
    """Too many requests wait already, or the endpoint has failed too often just now. Nothing was sent."""


@dataclass(slots=True)
class _Health:
    failures: int = 0
    # Not to be tried before this moment of the clock.
    closed_until: float = 0.0


@dataclass(slots=True)
class Pass:
    """A lane in use. Whoever has it says whether the endpoint answered; saying nothing counts as a failure."""

    has_answered: bool = False


class Lanes:
    """Bounds for one process. `per_agency` and `at_most` requests wait at once; after `failures` in a row an endpoint
    is left alone for `pause_seconds`. Safe to share between threads.
    """

    def __init__(
        self,
        *,
        per_agency: int = 8,
        at_most: int = 48,
        failures: int = 5,
        pause_seconds: int = 30,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_agency, self._at_most = per_agency, at_most
        self._failures, self._pause, self._clock = failures, pause_seconds, clock
        self._lock = threading.Lock()
        self._waiting: Counter[int] = Counter()
        self._health: dict[Hashable, _Health] = {}

    @contextmanager
    def enter(self, agency_id: int, endpoint: Hashable) -> Iterator[Pass]:
        """A lane for one request to the endpoint. Raises NoLane."""
        self._take(agency_id, endpoint)
        used = Pass()
        try:
            yield used
        finally:
            self._give_back(agency_id, endpoint, used)

    def _take(self, agency_id: int, endpoint: Hashable) -> None:
        with self._lock:
            if self._waiting[agency_id] >= self._per_agency or self._waiting.total() >= self._at_most:
                raise NoLane("too many requests wait already")
            health = self._health.get(endpoint)
            if health is not None and health.failures >= self._failures:
                now = self._clock()
                if now < health.closed_until:
                    raise NoLane("the endpoint has failed too often")
                # The one that tries. The others go on waiting for what it finds.
                health.closed_until = now + self._pause
            self._waiting[agency_id] += 1

    def _give_back(self, agency_id: int, endpoint: Hashable, used: Pass) -> None:
        with self._lock:
            self._waiting[agency_id] -= 1
            if not self._waiting[agency_id]:
                del self._waiting[agency_id]
            if used.has_answered:
                self._health.pop(endpoint, None)
                return
            if endpoint not in self._health and len(self._health) >= _REMEMBERED:
                del self._health[next(iter(self._health))]
            health = self._health.setdefault(endpoint, _Health())
            health.failures += 1
            health.closed_until = self._clock() + self._pause
