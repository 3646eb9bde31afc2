"""One question to one server, over UDP and, when the answer does not fit, over TCP.

What comes back is a stranger's. It is bounded in bytes, in datagrams and in time, and only an answer to the very
question is given back; everything else ends as NoAnswer.
"""

import socket
import time
from enum import StrEnum

import dns.exception
import dns.flags
import dns.message

MOST_DATAGRAMS = 16
MOST_BYTES = 16_384
_UDP_BYTES = 4_096
_HEADER_BYTES = 12


class Why(StrEnum):
    """Why there is no answer."""

    SILENT = "silent"
    UNREADABLE = "unreadable"
    REFUSED = "refused"
    BROKEN = "broken"


class NoAnswer(Exception):
    """Nobody who was asked gave an answer that can be used."""

    def __init__(self, why: Why) -> None:
        super().__init__(str(why))
        self.why = why


def ask(query: dns.message.Message, *, address: str, port: int, until: float) -> dns.message.Message:
    """The answer of one server to one query; `until` is a time of `time.monotonic()`. Raises NoAnswer."""
    try:
        reply = _over_udp(query, address, port, until)
        return reply if reply is not None else _over_tcp(query, address, port, until)
    except OSError as error:
        # A timeout, a closed port, a network that is not there: to us they are the same silence.
        raise NoAnswer(Why.SILENT) from error


def _over_udp(query: dns.message.Message, address: str, port: int, until: float) -> dns.message.Message | None:
    """The answer; None when the server says that it does not fit.

    Not the library's own receiver: that one looks at the clock only when no datagram waits, so a flood would hold it.
    """
    with socket.socket(_family(address), socket.SOCK_DGRAM) as wire:
        # Connected, so that the kernel drops what comes from anybody else.
        wire.connect((address, port))
        wire.send(query.to_wire())
        for _ in range(MOST_DATAGRAMS):
            wire.settimeout(_left(until))
            raw = wire.recv(_UDP_BYTES)
            if _is_cut_short(query, raw):
                return None
            reply = _read(query, raw)
            if reply is not None:
                return reply
    raise NoAnswer(Why.UNREADABLE)


def _over_tcp(query: dns.message.Message, address: str, port: int, until: float) -> dns.message.Message:
    with socket.socket(_family(address), socket.SOCK_STREAM) as wire:
        wire.settimeout(_left(until))
        wire.connect((address, port))
        wire.sendall(query.to_wire(prepend_length=True))
        length = int.from_bytes(_receive(wire, 2, until), "big")
        if length > MOST_BYTES:
            raise NoAnswer(Why.UNREADABLE)
        reply = _read(query, _receive(wire, length, until))
    if reply is None:
        raise NoAnswer(Why.UNREADABLE)
    return reply


def _receive(wire: socket.socket, length: int, until: float) -> bytes:
    raw = b""
    while len(raw) < length:
        wire.settimeout(_left(until))
        part = wire.recv(length - len(raw))
        if not part:
            raise NoAnswer(Why.UNREADABLE)
        raw += part
    return raw


def _read(query: dns.message.Message, raw: bytes) -> dns.message.Message | None:
    try:
        # One record at a time: put together, only the last of several CNAMEs would be left.
        reply = dns.message.from_wire(raw, one_rr_per_rrset=True)
        return reply if query.is_response(reply) else None
    except Exception:  # noqa: BLE001 - whatever the library makes of a stranger's bytes, they are no answer
        return None


def _is_cut_short(query: dns.message.Message, raw: bytes) -> bool:
    """An answer to this query that bears the mark for "ask over TCP"; what follows its header may be torn."""
    if len(raw) < _HEADER_BYTES or int.from_bytes(raw[:2], "big") != query.id:
        return False
    flags = int.from_bytes(raw[2:4], "big")
    return bool(flags & dns.flags.QR) and bool(flags & dns.flags.TC)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise NoAnswer(Why.SILENT)
    return left
