"""One running sandbox: web server, clock, mailbox and name server, started together and stopped together."""

import socket
import threading
from collections.abc import Iterable
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from sandbox.app import App
from sandbox.clock import Clock
from sandbox.dns import zones
from sandbox.dns.server import NameServer
from sandbox.hms import routes as hms_routes
from sandbox.hms import simulation
from sandbox.mail import Mailbox
from sandbox.store import Store
from sandbox.stripe import routes as stripe_routes
from sandbox.world import World

LOOPBACK = "127.0.0.1"


class QuietHandler(WSGIRequestHandler):
    """Says only what went wrong: a line per request would bury it."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if str(code).startswith("5"):
            super().log_request(code, size)


def free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


class Server:
    """A sandbox, on 127.0.0.1 unless `host` is another address. Port 0 takes a free one; the properties say which.

    `also_named`: host names to answer to beside those of this machine, for neighbours who reach it by another.
    `ingress`: a name whose zone leads to this machine, with everything below it.
    """

    def __init__(
        self,
        *,
        port: int,
        smtp_port: int,
        state: str | Path,
        host: str = LOOPBACK,
        also_named: Iterable[str] = (),
        dns_port: int = 0,
        platform_url: str = "",
        ingress: str = "",
    ) -> None:
        self._store = Store(state)
        self._names = NameServer(self._store, dns_port, host)
        if ingress:
            zones.lead_here(self._store, ingress)
        # The mailbox knocks at its own port to see that it is open, so it has to know which one that is.
        smtp_port = smtp_port or free_port(host)
        self._mailbox = Mailbox(self._store, smtp_port, host)
        self.world = World(
            self._store, self._names, base_url="", platform_url=platform_url.rstrip("/"), smtp_port=smtp_port
        )
        self.world.also_named = frozenset(name.lower() for name in also_named)
        self._http: BaseWSGIServer = make_server(
            host, port, App(self.world), threaded=True, request_handler=QuietHandler
        )
        self.port = self._http.server_port
        self.world.base_url = f"http://localhost:{self.port}"
        handlers = {hms_routes.CLOCK_KIND: simulation.step, **stripe_routes.CLOCK_HANDLERS}
        self._clock = Clock(self.world, handlers)
        self._thread = threading.Thread(target=self._http.serve_forever, name="web", daemon=True)

    @property
    def smtp_port(self) -> int:
        return self.world.smtp_port

    @property
    def dns_port(self) -> int:
        return self._names.port

    def start(self) -> None:
        """Answers from the moment this returns."""
        self._mailbox.start()
        self._names.start()
        self._clock.start()
        self._thread.start()

    def stop(self) -> None:
        """Takes nothing new, lets what is being delivered end, and closes the file."""
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        self._clock.stop()
        self.world.lanes.close()
        self._mailbox.stop()
        self._names.stop()
        self._store.close()
