"""A customer's endpoint on loopback: answers as a test says, and remembers what it was sent."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Request:
    """One request as it arrived."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Endpoint:
    """`reply` is called with the connection after each request; `url` leads here."""

    port: int
    reply: "Callable[[socket.socket, Request], None]"
    requests: list[Request] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    def says(self, body: bytes = b"{}", status: str = "200 OK", headers: str = "") -> None:
        """Answer like this from now on."""
        length = f"Content-Length: {len(body)}\r\n"
        self.sends(f"HTTP/1.1 {status}\r\n{length}{headers}\r\n".encode() + body)

    def sends(self, *pieces: bytes) -> None:
        """Write exactly these bytes, whatever they are, and close."""

        def reply(connection: socket.socket, request: Request) -> None:
            for piece in pieces:
                connection.sendall(piece)

        self.reply = reply

    def hangs(self) -> None:
        """Say nothing until the test is over."""
        self.reply = lambda connection, request: self.released.wait(30) and None

    def drips(self, piece: bytes = b"x", start: bytes = b"HTTP/1.1 200 OK\r\nX-Long: ") -> None:
        """Write a little at a time, faster than anybody who waits for silence gives up, for some seconds."""

        def reply(connection: socket.socket, request: Request) -> None:
            connection.sendall(start)
            for _piece in range(200):
                if self.released.wait(0.02):
                    return
                connection.sendall(piece)

        self.reply = reply


@contextmanager
def listening() -> Iterator[Endpoint]:
    """An endpoint that answers `{}`."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = Endpoint(server.getsockname()[1], lambda connection, request: None)
        endpoint.says()
        threading.Thread(target=_accept, args=(server, endpoint), daemon=True).start()
        try:
            yield endpoint
        finally:
            endpoint.released.set()
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)


def _accept(server: socket.socket, endpoint: Endpoint) -> None:
    while True:
        try:
            connection, _peer = server.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, endpoint), daemon=True).start()


def _serve(connection: socket.socket, endpoint: Endpoint) -> None:
    with connection, suppress(OSError, ValueError), connection.makefile("rb") as incoming:
        # As servers do that were sent the first words of TLS.
        if not incoming.peek(1)[:1].isalpha():
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return
        line = incoming.readline().decode("latin-1").strip()
        headers = {}
        while text := incoming.readline().decode("latin-1").strip():
            name, _colon, value = text.partition(": ")
            headers[name.lower()] = value
        request = Request(line, headers, incoming.read(int(headers.get("content-length", 0))))
        endpoint.requests.append(request)
        endpoint.reply(connection, request)
