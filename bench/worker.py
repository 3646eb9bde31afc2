"""The working half of a crew: a process that takes orders on standard input and answers on standard output.

Knows nothing but Python's standard library, because what the product is compared with runs in environments of its own.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

# Does one piece of work and returns how much that was.
Work = Callable[[], int]
# Makes everything ready for the work that an order asks for, and tidies up behind it.
Arm = Callable[[Mapping[str, Any]], AbstractContextManager[Work]]


class NoMoreWork(Exception):
    """What was prepared is used up: the time until now is what counts."""


def serve(arms: Mapping[str, Arm]) -> None:
    """Take orders until there are no more. An order is prepared and warmed up, and begins with the next line."""
    with _answers() as answer:
        answer(is_up=True)
        for line in sys.stdin:
            order = json.loads(line)
            with arms[order["arm"]](order) as work:
                warmed, _ = _run(work, order["warm_seconds"])
                answer(is_warm=True)
                sys.stdin.readline()
                done, seconds = _run(work, order["seconds"])
            answer(done=done, seconds=seconds, in_all=warmed + done)


@contextmanager
def _answers() -> Iterator[Callable[..., None]]:
    """Standard output for answers alone: whatever else is printed goes to standard error."""
    ours, sys.stdout = sys.stdout, sys.stderr

    def answer(**said: Any) -> None:
        ours.write(json.dumps(said) + "\n")
        ours.flush()

    try:
        yield answer
    finally:
        sys.stdout = ours


def _run(work: Work, seconds: float) -> tuple[int, float]:
    done, start = 0, time.perf_counter()
    until = start + seconds
    with suppress(NoMoreWork):
        while time.perf_counter() < until:
            done += work()
    return done, time.perf_counter() - start
