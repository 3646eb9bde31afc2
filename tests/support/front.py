"""The real Caddy with deploy/Caddyfile, its own CA and its own folders, in front of a web server on loopback.

Every name leads to it. Certificates are checked against its CA, as a browser would against those it knows.
"""

import os
import shutil
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from stack import environment, processes, terminal
from stack.services import Says, Service
from tests.support.live import ROOT, wait_for

PROGRAM = shutil.which("caddy")
REQUIRED = os.environ.get("REQUIRE_CADDY") == "1"
AUTHORITIES = Path("caddy/pki/authorities/local/root.crt")
CONFIG = ROOT / "deploy" / "Caddyfile"
Got = TypeVar("Got")


class Front:
    """A running Caddy. `https` and `http` are its ports; it stands in front of `portal_port`."""

    def __init__(self, folder: Path, *, https: int, http: int, portal: str, hooks: str = "") -> None:
        self.https, self.http, self.portal_port = https, http, int(portal.rpartition(":")[2])
        self.authorities = folder / AUTHORITIES
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "XDG_DATA_HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "CERTIFICATES": "local_certs",
            "CADDY_ADMIN": "off",
            "HTTPS_PORT": str(https),
            "HTTP_PORT": str(http),
            "PORTAL": portal,
            "HOOKS": hooks or portal,
            "PLATFORM_HOST": "portal.localhost",
            "OPERATOR_HOST": "operators.localhost",
        }
        self.supervisor = processes.Supervisor(var=folder, environment=self.environment, cwd=ROOT)

    def start(self) -> None:
        """Start it, and wait until its CA is there and our own hosts have their certificates."""
        command = (PROGRAM or "caddy", "run", "--adapter", "caddyfile", "--config", str(CONFIG))
        ready = Says("serving initial configuration")
        with terminal.step("Starting Caddy") as step:
            self.supervisor.start([Service("caddy", command, ready)], seconds=30, step=step)
        wait_for(self.authorities.exists)
        wait_for(lambda: self.has_certificate("acme.portal.localhost") and self.has_certificate("portal.localhost"))

    def trusting(self) -> ssl.SSLContext:
        """What trusts this CA and no other."""
        return ssl.create_default_context(cafile=self.authorities)

    def shake_hands(self, host: str | None, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
        """A connection for this name, its certificate checked. Raises what the handshake fails with."""

        def attempt() -> ssl.SSLSocket:
            connection = socket.create_connection(("127.0.0.1", self.https), timeout=20)
            try:
                return (context or self.trusting()).wrap_socket(connection, server_hostname=host)
            except BaseException:
                connection.close()
                raise

        return once_valid(attempt)

    def has_certificate(self, host: str) -> bool:
        """Whether a visitor of this name gets a certificate that holds. Raises what is no refusal of Caddy's own."""
        try:
            with self.shake_hands(host):
                return True
        except ssl.SSLError as error:
            if error.reason == "TLSV1_ALERT_INTERNAL_ERROR":
                return False
            raise

    def ask(self, host: str, path: str = "/", *, said: str = "", method: str = "GET", **more: Any) -> httpx.Response:
        """A request over TLS for `host`; `said` is what its Host header says instead."""
        headers = {"Host": said or host, **more.pop("headers", {})}
        url = httpx.URL(f"https://127.0.0.1:{self.https}", raw_path=path.encode())
        named = {"sni_hostname": host}
        with httpx.Client(verify=self.trusting(), http2=more.pop("http2", False), timeout=20) as client:
            return once_valid(lambda: client.request(method, url, headers=headers, extensions=named, **more))

    def ask_in_the_clear(self, host: str, path: str = "/") -> httpx.Response:
        """A request without TLS."""
        return httpx.get(f"http://127.0.0.1:{self.http}{path}", headers={"Host": host}, timeout=20)


def once_valid(attempt: Callable[[], Got]) -> Got:
    """What the attempt returns, tried again while a certificate is too new for OpenSSL.

    OpenSSL reads the clock that moves with the kernel's tick. A certificate of the first milliseconds of a second is
    one of the future to it until the next tick.
    """
    until = time.monotonic() + 1
    while True:
        try:
            return attempt()
        except (ssl.SSLCertVerificationError, httpx.ConnectError) as error:
            if "certificate is not yet valid" not in str(error) or time.monotonic() > until:
                raise


@contextmanager
def running(folder: Path, *, portal: str, hooks: str = "", https: int = 0) -> Iterator[Front]:
    """A Caddy of its own, gone afterwards. `https`: its port, by default a free one; `hooks`: by default the portal."""
    free = environment.find_free()
    found = Front(folder, https=https or free.web, http=free.web + 1, portal=portal, hooks=hooks)
    with found.supervisor:
        found.start()
        yield found
