"""Requests to an address that somebody else gave: to the open internet alone, and never for longer or larger than said.

What a name leads to is resolved once, judged, and connected to as judged. Redirects are not followed, nothing is
unpacked, no proxy or cookie of ours goes along. Private, link-local, loopback, shared and metadata addresses are
refused, unless the operator allows their network in OUTSIDE_NETWORKS; without TLS only those networks are asked.
"""

import ipaddress
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from urllib.parse import SplitResult, urlsplit

import httpcore
import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from outside import addresses, names, wires
from outside.addresses import Network
from tenancy import network

MOST_BYTES = 256 * 1024
_LONGEST_URL = 2_000
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
# 127.1 and 0x7f000001 mean an address to some, and a name to others.
_ENDS_IN_A_NUMBER = re.compile(r"(.*\.)?(\d+|0x[0-9a-f]*)")


class Why(StrEnum):
    """Why there is no answer."""

    ADDRESS = "address"
    NAME = "name"
    CONNECTION = "connection"
    TLS = "tls"
    TIME = "time"
    SIZE = "size"
    NONSENSE = "nonsense"


class WrongAddress(ValueError):
    """This is no address that a request can be sent to. The message is for whoever typed it."""


class NoAnswer(Exception):
    """The other side gave no whole answer. `why` says what was in the way, `took_ms` how long that took to see."""

    def __init__(self, why: Why, took_ms: int) -> None:
        super().__init__(why.value)
        self.why, self.took_ms = why, took_ms


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said, whatever its status. The body is as it was sent, whole."""

    status: int
    body: bytes = field(repr=False)
    took_ms: int

    @property
    def is_yes(self) -> bool:
        """Any 2xx. A redirect is a no."""
        return 200 <= self.status < 300


class Opened:
    """An answer whose body is still on its way. `headers` have small names. Iterate once, then close."""

    def __init__(self, response: httpcore.Response, pool: httpcore.ConnectionPool) -> None:
        self._response, self._pool = response, pool
        self.status: int = response.status
        self.headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}

    def __iter__(self) -> Iterator[bytes]:
        """The body in pieces, as it was sent. Raises NoAnswer when it breaks off."""
        started = time.monotonic()
        try:
            yield from self._response.iter_stream()
        except tuple(_MEANINGS) as error:
            raise _no_answer(error, started) from error

    def close(self) -> None:
        """Let go of the connection."""
        self._response.close()
        self._pool.close()


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may be asked: the open internet, and the networks that are `allowed`. `tls`: whose certificates count.

    An answer of more than `most_bytes` is none.
    """

    allowed: tuple[Network, ...] = ()
    lookup: wires.Lookup = names.lookup
    tls: ssl.SSLContext | None = None
    most_bytes: int = MOST_BYTES

    def post(self, url: str, *, body: bytes, headers: Mapping[str, str], within_ms: int) -> Answer:
        """Send the body and wait for the answer, `within_ms` milliseconds for everything together.

        Raises NoAnswer, WrongAddress for what check() refuses, and tenancy.network.InsideTransaction.
        """
        return self._ask("POST", url, body=body, headers=headers, within_ms=within_ms)

    def get(self, url: str, *, headers: Mapping[str, str], within_ms: int) -> Answer:
        """As post(), without a body."""
        return self._ask("GET", url, body=None, headers=headers, within_ms=within_ms)

    def check(self, url: str) -> None:
        """See whether requests can be sent to this address, as far as it shows. Raises WrongAddress with a sentence."""
        parts = _parts(url)
        host = _host(parts)
        if parts.scheme == "http" and not self.allowed:
            raise WrongAddress(_("The address has to begin with https://"))
        literal = _literal(host)
        if literal is not None and not addresses.may_be_asked(literal, allowed=self.allowed):
            raise WrongAddress(_("This address is inside a private network. Give one that the internet can reach."))
        if (host == "localhost" or host.endswith(".localhost")) and not self.allowed:
            raise WrongAddress(_("This address means a machine itself. Give one that the internet can reach."))

    def open(self, url: str, *, headers: Mapping[str, str], within_ms: int, lasting_ms: int) -> Opened:
        """As get(), for what is long: the answer begins within `within_ms`, and its body may then take `lasting_ms`.

        The body is not bounded in bytes, and waiting for a piece of it takes `within_ms` at most.
        """
        network.refuse_inside_transaction()
        parts = _parts(url)
        target, started = _target(parts), time.monotonic()
        deadline = wires.Deadline(within_ms / 1000)
        pool = self._pool(parts, deadline)
        try:
            response = pool.handle_request(httpcore.Request("GET", target, headers=_sent(parts, headers)))
        except tuple(_MEANINGS) as error:
            pool.close()
            raise _no_answer(error, started) from error
        deadline.prolong(lasting_ms / 1000)
        return Opened(response, pool)

    def _ask(self, method: str, url: str, *, body: bytes | None, headers: Mapping[str, str], within_ms: int) -> Answer:
        network.refuse_inside_transaction()
        parts = _parts(url)
        target, started = _target(parts), time.monotonic()
        try:
            with self._pool(parts, wires.Deadline(within_ms / 1000)) as pool:
                status, said = _exchange(pool, method, target, _sent(parts, headers), body, self.most_bytes)
        except tuple(_MEANINGS) as error:
            raise _no_answer(error, started) from error
        return Answer(status, said, _since(started))

    def _pool(self, parts: SplitResult, deadline: wires.Deadline) -> httpcore.ConnectionPool:
        is_plain = parts.scheme == "http"
        backend = wires.Backend(deadline=deadline, lookup=self.lookup, allowed=self.allowed, is_plain=is_plain)
        return httpcore.ConnectionPool(ssl_context=self.tls or _tls(), network_backend=backend, max_connections=1)


class _TooLarge(Exception):
    """The answer is larger than any answer that is read."""


# The first that fits says it: some of these are kinds of one another.
_MEANINGS: dict[type[Exception], Why] = {
    _TooLarge: Why.SIZE,
    wires.ForbiddenAddress: Why.ADDRESS,
    names.NoSuchName: Why.NAME,
    TimeoutError: Why.TIME,
    httpcore.TimeoutException: Why.TIME,
    ssl.SSLError: Why.TLS,
    httpcore.ProtocolError: Why.NONSENSE,
    httpcore.NetworkError: Why.CONNECTION,
    OSError: Why.CONNECTION,
}


def from_settings(*, most_bytes: int = MOST_BYTES) -> Gate:
    """The gate as OUTSIDE_NETWORKS says."""
    return Gate(allowed=tuple(settings.OUTSIDE_NETWORKS), most_bytes=most_bytes)


def _sent(parts: SplitResult, headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """The headers of a request: the host by its name, nothing packed, the connection not kept."""
    return list({"Host": _named(parts), "Accept-Encoding": "identity", "Connection": "close", **headers}.items())


def _no_answer(error: BaseException, started: float) -> NoAnswer:
    why = next(why for kind, why in _MEANINGS.items() if isinstance(error, kind))
    return NoAnswer(why, _since(started))


def _exchange(
    pool: httpcore.ConnectionPool,
    method: str,
    target: httpcore.URL,
    headers: list[tuple[str, str]],
    body: bytes | None,
    most: int,
) -> tuple[int, bytes]:
    with pool.stream(method, target, headers=headers, content=body) as response:
        return response.status, _read(response, most)


def _read(response: httpcore.Response, most: int) -> bytes:
    told = {name.lower(): value for name, value in response.headers}.get(b"content-length", b"0")
    if told.isdigit() and int(told) > most:
        raise _TooLarge
    said = bytearray()
    for piece in response.iter_stream():
        said += piece
        if len(said) > most:
            raise _TooLarge
    return bytes(said)


def _parts(url: str) -> SplitResult:
    """The address in parts, when it is one. Raises WrongAddress."""
    wrong = WrongAddress(_("This is not an address. It should look like https://example.com/hooks"))
    if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise wrong
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise wrong from error
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        raise wrong
    if "%" in parts.netloc or "\\" in url:
        raise wrong
    if "@" in parts.netloc:
        raise WrongAddress(_("Leave name and password out of the address."))
    return parts


def _host(parts: SplitResult) -> str:
    """The host as DNS writes it, or an address. Raises WrongAddress."""
    host = (parts.hostname or "").rstrip(".").lower()
    if _literal(host) is None and (not _NAME.fullmatch(host) or _ENDS_IN_A_NUMBER.fullmatch(host)):
        raise WrongAddress(_("There is no host like “%(host)s”.") % {"host": host[:100]})
    return host


def _literal(host: str) -> addresses.Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _target(parts: SplitResult) -> httpcore.URL:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return httpcore.URL(scheme=parts.scheme, host=_host(parts), port=parts.port, target=path)


def _named(parts: SplitResult) -> str:
    host = _host(parts)
    bracketed = f"[{host}]" if ":" in host else host
    return bracketed if parts.port is None else f"{bracketed}:{parts.port}"


def _since(started: float) -> int:
    return int((time.monotonic() - started) * 1000)


@cache
def _tls() -> ssl.SSLContext:
    """Trust in the public authorities. Made once: reading their roots takes longer than a request."""
    return httpx.create_ssl_context()
