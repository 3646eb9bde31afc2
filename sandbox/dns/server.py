"""A name server, over UDP and TCP on one port."""

import socket
import socketserver
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass

import dns.exception
import dns.flags
import dns.message
import dns.rdatatype

from sandbox.dns import replies
from sandbox.dns.faults import Fault, Faults
from sandbox.store import Store

KEPT_QUESTIONS = 500
_UDP_BYTES = 1_232
_FLOOD_SECONDS = 1
_TCP_PATIENCE_SECONDS = 5
_PORT_TRIES = 50


@dataclass(frozen=True)
class Question:
    """One that was asked: for whom, about what, over which transport, with checking disabled or not."""

    view: str
    name: str
    kind: str
    over: str
    unchecked: bool


class NameServer:
    """Answers from what the store holds. Port 0 takes a free one; `port` says which."""

    def __init__(self, store: Store, port: int, host: str = "127.0.0.1") -> None:
        self.faults = Faults()
        self._store = store
        self._asked: deque[Question] = deque(maxlen=KEPT_QUESTIONS)
        self._tcp, self._udp = _bound(self, port, host)
        self.port: int = self._tcp.server_address[1]
        self._threads = [
            threading.Thread(target=server.serve_forever, name=f"dns {name}", daemon=True, args=(0.05,))
            for name, server in (("tcp", self._tcp), ("udp", self._udp))
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        for server in (self._tcp, self._udp):
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()

    def questions(self, name: str = "") -> list[dict[str, object]]:
        """What was asked, oldest first; about a name and below, or everything."""
        return [
            asdict(one) for one in list(self._asked) if not name or one.name == name or one.name.endswith(f".{name}")
        ]

    def forget_questions(self) -> None:
        self._asked.clear()

    def fault_and_reply(self, raw: bytes, over: str) -> tuple[Fault | None, dns.message.Message | None]:
        """What is to be said to a query, and the fault it meets; None and None for what is no query."""
        try:
            query = dns.message.from_wire(raw)
        except (dns.exception.DNSException, ValueError):
            return None, None
        if query.flags & dns.flags.QR or len(query.question) != 1:
            return None, None
        asked, view = query.question[0], replies.view_of(query)
        name = asked.name.to_text(omit_final_dot=True).lower()
        unchecked = bool(query.flags & dns.flags.CD)
        self._asked.append(Question(view, name, dns.rdatatype.to_text(asked.rdtype), over, unchecked))
        fault = self.faults.about(name, view)
        return fault, replies.reply(self._store, query, fault)


class _Udp(socketserver.ThreadingUDPServer):
    daemon_threads = True
    block_on_close = False
    names: NameServer


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    names: NameServer


class _Datagram(socketserver.BaseRequestHandler):
    server: _Udp
    request: tuple[bytes, socket.socket]

    def handle(self) -> None:
        raw, wire = self.request
        fault, reply = self.server.names.fault_and_reply(raw, "udp")
        if reply is None:
            return
        kind = fault.kind if fault else ""
        if kind == "flood":
            self._flood(wire)
        elif kind != "silence":
            wire.sendto(_datagram(reply, fault), self.client_address)

    def _flood(self, wire: socket.socket) -> None:
        until = time.monotonic() + _FLOOD_SECONDS
        try:
            while time.monotonic() < until:
                wire.sendto(b"flood", self.client_address)
        except OSError:
            # The server has been stopped meanwhile.
            return


class _Stream(socketserver.BaseRequestHandler):
    server: _Tcp
    request: socket.socket

    def handle(self) -> None:
        self.request.settimeout(_TCP_PATIENCE_SECONDS)
        try:
            with self.request.makefile("rb") as incoming:
                while length := int.from_bytes(incoming.read(2), "big"):
                    self._answer(incoming.read(length))
        except OSError:
            # Who asked has gone, or says nothing more.
            return

    def _answer(self, raw: bytes) -> None:
        fault, reply = self.server.names.fault_and_reply(raw, "tcp")
        if reply is not None and (fault is None or fault.kind not in ("silence", "flood")):
            wire = _bytes(reply, fault)
            self.request.sendall(len(wire).to_bytes(2, "big") + wire)


def _bound(names: NameServer, port: int, host: str) -> tuple[_Tcp, _Udp]:
    """Both transports on one port. Raises OSError when a given port is taken."""
    for left in reversed(range(_PORT_TRIES if port == 0 else 1)):
        tcp = _Tcp((host, port), _Stream)
        try:
            udp = _Udp((host, tcp.server_address[1]), _Datagram)
        except OSError:
            tcp.server_close()
            if not left:
                raise
            continue
        tcp.names = udp.names = names
        return tcp, udp
    raise OSError("no port is free for both TCP and UDP")


def _datagram(reply: dns.message.Message, fault: Fault | None) -> bytes:
    """Cut short, with the mark that says so, when it does not fit or a fault wants it."""
    wire = _bytes(reply, fault)
    if len(wire) <= _UDP_BYTES and (fault is None or fault.kind != "truncated"):
        return wire
    cut = dns.message.from_wire(reply.to_wire(max_size=65535))
    cut.answer, cut.authority = [], []
    cut.flags |= dns.flags.TC
    return cut.to_wire()


def _bytes(reply: dns.message.Message, fault: Fault | None) -> bytes:
    wire = reply.to_wire(max_size=65535)
    if fault is not None and fault.kind == "garbage":
        return wire[: fault.offset] + bytes.fromhex(fault.hex)
    if fault is not None and fault.kind == "other-id":
        return (reply.id ^ 1).to_bytes(2, "big") + wire[2:]
    return wire
