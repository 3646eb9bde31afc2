"""Connections that end when their time is up, to addresses that were judged: resolved once, checked, and held to.

Whoever speaks over such a connection still says the name: in the Host header and when TLS is set up.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import httpcore

from outside import addresses
from outside.addresses import Address, Network

Lookup = Callable[[str, float], tuple[Address, ...]]


class ForbiddenAddress(PermissionError):
    """The name leads, or also leads, to an address that nobody out there may have us speak to."""


class Deadline:
    """A moment after which nothing is waited for."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._longest_pause = seconds

    @property
    def is_over(self) -> bool:
        """Whether the moment has passed."""
        return time.monotonic() >= self._ends

    def left(self) -> float:
        """Seconds that may be waited now. Raises TimeoutError when there are none."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is up")
        return min(left, self._longest_pause)

    def prolong(self, seconds: float) -> None:
        """Let it end in so many seconds from now; nothing is waited for at once longer than it was to last at first."""
        self._ends = time.monotonic() + seconds


class Backend(httpcore.NetworkBackend):
    """Connects to what a name leads to, if all of it may be asked; every wait ends at the deadline."""

    def __init__(self, *, deadline: Deadline, lookup: Lookup, allowed: tuple[Network, ...], is_plain: bool) -> None:
        self._deadline, self._lookup, self._allowed, self._is_plain = deadline, lookup, allowed, is_plain

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A stream to the first of the name's addresses that answers. Raises ForbiddenAddress and OSError."""
        failure: OSError | None = None
        for address in self._judged(host):
            try:
                connection = socket.create_connection((str(address), port), self._deadline.left())
            except TimeoutError:
                raise
            except OSError as error:
                failure = error
                continue
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return Stream(connection, self._deadline)
        raise failure or OSError("no address")

    def _judged(self, host: str) -> tuple[Address, ...]:
        """All addresses of the host. One that may not be asked spoils them all: it is there on purpose."""
        try:
            found: tuple[Address, ...] = (ipaddress.ip_address(host),)
        except ValueError:
            found = self._lookup(host, self._deadline.left())
        for address in found:
            if not addresses.may_be_asked(address, allowed=self._allowed):
                raise ForbiddenAddress("an address that may not be asked")
            if self._is_plain and not addresses.is_within(address, self._allowed):
                raise ForbiddenAddress("without TLS only networks that the operator allows are asked")
        return found


class Stream(httpcore.NetworkStream):
    """Bytes over a socket. Each wait lasts until the deadline at most, however little comes at a time."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection, self._deadline = connection, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._connection.settimeout(self._deadline.left())
        return self._connection.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        rest = memoryview(buffer)
        try:
            while rest:
                self._connection.settimeout(self._deadline.left())
                rest = rest[self._connection.send(rest) :]
        except ConnectionError as error:
            # Whoever has heard enough may have answered already; then the answer is read.
            raise httpcore.WriteError from error

    def close(self) -> None:
        with suppress(OSError):
            self._connection.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            self._connection.settimeout(self._deadline.left())
            # The time is for the whole handshake.
            secured = ssl_context.wrap_socket(self._connection, server_hostname=server_hostname)
        except BaseException:
            self.close()
            raise
        return Stream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return None
