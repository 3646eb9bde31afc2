"""Asks when it is due, answered or not: what one has to wait for then counts, too, as it does for those who call."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from stack import terminal


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent: the way, the headers, the body. Any other `status` in the answer ends the measuring."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    status: int = 200


def on_time(port: int, requests: Sequence[Request], *, a_second: float, connections: int) -> list[float]:
    """Seconds from when each request was due to its whole answer, in the order of the requests."""
    start = time.monotonic() + 0.2
    turns = iter([(start + number / a_second, number, request) for number, request in enumerate(requests)])
    with ThreadPoolExecutor(connections) as pool:
        found = [pool.submit(_ask, port, turns) for _ in range(connections)]
        return [seconds for _number, seconds in sorted(pair for each in found for pair in each.result())]


def _ask(port: int, turns: Iterator[tuple[float, int, Request]]) -> list[tuple[int, float]]:
    took = []
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for due, number, request in turns:
        time.sleep(max(0.0, due - time.monotonic()))
        line.request(request.method, request.path, body=request.body, headers=dict(request.headers))
        answer = line.getresponse()
        answer.read()
        took.append((number, time.monotonic() - due))
        if answer.status != request.status:
            raise terminal.Trouble(f"{request.method} {request.path} was answered with {answer.status}.")
    line.close()
    return took
