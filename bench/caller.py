"""`python -m bench.caller`: asks a web server over several connections at once, and takes little time for itself.

Requests are made and signed beforehand. Whatever is not answered with 200 ends the process: an error is quick to send.
"""

from __future__ import annotations

import selectors
import socket
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any

from bench import worker
from bench.worker import NoMoreWork, Work
from inbox import stripe_signature

CONNECTIONS = 16
_HEAD_ENDS = b"\r\n\r\n"


class NotAnswered(RuntimeError):
    """The server answered with something other than 200. Says what."""


@contextmanager
def report(order: Mapping[str, Any]) -> Iterator[Work]:
    """Events of Stripe, each with an id and a signature of its own, to `path` on `host` at `port`."""
    number = int((order["seconds"] + order["warm_seconds"]) * order["most_a_second"])
    requests = iter([event(order, order["body"]) for _ in range(number)])
    with _asked(order["port"], lambda: next(requests, None)) as work:
        yield work


@contextmanager
def read(order: Mapping[str, Any]) -> Iterator[Work]:
    """Pages, one after another, over one connection: the `paths` in turn."""
    pages = [_head(order, "GET", path, {"Cookie": order["cookie"]}) + b"\r\n" for path in order["paths"]]
    turn = iter(range(10**9))
    with _asked(order["port"], lambda: pages[next(turn) % len(pages)], connections=1) as work:
        yield work


def event(order: Mapping[str, Any], template: str) -> bytes:
    """A whole request: the template with a new event id in place of EVENT, signed now with the `secret`."""
    body = template.replace("EVENT", f"evt_{uuid.uuid4().hex}").encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": str(len(body)),
        "Stripe-Signature": stripe_signature.sign(body, [order["secret"]], datetime.now(UTC)),
    }
    return _head(order, "POST", order["path"], headers) + b"\r\n" + body


def _head(order: Mapping[str, Any], method: str, path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {order['host']}", "Accept: */*"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "".join(f"{line}\r\n" for line in lines).encode()


@contextmanager
def _asked(port: int, requests: Callable[[], bytes | None], *, connections: int = CONNECTIONS) -> Iterator[Work]:
    """Connections that are always waiting for an answer, except between two runs. One piece of work is what came in."""
    with ExitStack() as opened:
        selector = opened.enter_context(selectors.DefaultSelector())
        idle = [opened.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(connections)]

        def work() -> int:
            while idle:
                request = requests()
                if request is None:
                    raise NoMoreWork
                idle[-1].sendall(request)
                selector.register(idle.pop(), selectors.EVENT_READ)
            ready = [key.fileobj for key, _ in selector.select(timeout=10)]
            for connection in ready:
                assert isinstance(connection, socket.socket)
                _take(connection)
                selector.unregister(connection)
                idle.append(connection)
            return len(ready)

        yield work
        for key in list(selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            _take(key.fileobj)


def _take(connection: socket.socket) -> None:
    """One whole answer."""
    received = b""
    while _HEAD_ENDS not in received:
        received += _more(connection)
    head, _, body = received.partition(_HEAD_ENDS)
    if not head.startswith(b"HTTP/1.1 200 "):
        raise NotAnswered(head.decode(errors="replace"))
    lowered = head.lower()
    length = int(lowered.partition(b"content-length:")[2].partition(b"\r\n")[0])
    missing = length - len(body)
    while missing > 0:
        missing -= len(_more(connection))


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(65_536)
    if not received:
        raise NotAnswered("the server hung up")
    return received


if __name__ == "__main__":
    worker.serve({"report": report, "read": read})
