"""Carries requests of the sandbox to this machine, and to no other.

Names under localhost are not resolved: the connection goes to 127.0.0.1 and the name travels in the Host header.
"""

import http.client
import ipaddress
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

Job = Callable[[], None]
READ_AT_MOST = 1_000_000


@dataclass(frozen=True)
class Outcome:
    """What came of one request: a status and a body, or an error in words."""

    status: int | None
    body: bytes
    error: str
    seconds: float

    @property
    def is_success(self) -> bool:
        """Any 2xx; a redirect is a failure, as both providers count it."""
        return self.status is not None and 200 <= self.status < 300


class NotOnThisMachine(ValueError):
    """The address is not on loopback, so the sandbox does not speak to it."""


def loopback_address(host: str) -> str:
    """The address to connect to for a host of this machine. NotOnThisMachine for any other host."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(name)
    except ValueError as error:
        raise NotOnThisMachine(host) from error
    if not address.is_loopback:
        raise NotOnThisMachine(host)
    return str(address)


def send(url: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> Outcome:
    """One POST. Never raises for what the other side does: the outcome says it."""
    started = time.monotonic()
    try:
        status, answer = _post(url, body, headers, timeout_seconds)
    except NotOnThisMachine as error:
        return Outcome(None, b"", f"{error} is not on this machine; the sandbox delivers to loopback only", 0.0)
    except (OSError, http.client.HTTPException, ValueError) as error:
        seconds = time.monotonic() - started
        return Outcome(None, b"", f"{type(error).__name__}: {error}", seconds)
    return Outcome(status, answer, "", time.monotonic() - started)


def _post(url: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> tuple[int, bytes]:
    parts = urlsplit(url)
    if parts.scheme != "http":
        raise ValueError(f"only http is spoken on loopback, not {parts.scheme or 'a bare path'}")
    address = loopback_address(parts.hostname or "")
    connection = http.client.HTTPConnection(address, parts.port or 80, timeout=timeout_seconds)
    path = parts.path or "/"
    if parts.query:
        path = f"{path}?{parts.query}"
    try:
        connection.request("POST", path, body=body, headers={"Host": parts.netloc, **headers})
        response = connection.getresponse()
        return response.status, response.read(READ_AT_MOST)
    finally:
        connection.close()


class Lanes:
    """Runs jobs on a few threads; jobs of one lane run one after the other, in the order they came."""

    def __init__(self, threads: int = 24) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="delivery")
        self._waiting: dict[str, deque[Job]] = {}
        self._lock = threading.Lock()

    def submit(self, job: Job) -> None:
        """Runs the job as soon as a thread is free."""
        self._pool.submit(job)

    def submit_to(self, lane: str, job: Job) -> None:
        """Runs the job after all earlier ones of its lane."""
        with self._lock:
            if lane in self._waiting:
                self._waiting[lane].append(job)
                return
            self._waiting[lane] = deque([job])
        self._pool.submit(self._drain, lane)

    def _drain(self, lane: str) -> None:
        while True:
            with self._lock:
                if not self._waiting[lane]:
                    del self._waiting[lane]
                    return
                job = self._waiting[lane].popleft()
            try:
                job()
            except BaseException:
                self._pool.submit(self._drain, lane)
                raise

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
