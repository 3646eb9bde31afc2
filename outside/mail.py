"""Mail handed to a server that a customer chose: under the same rules as every request to an address of theirs.

The name is resolved once, judged, and connected to as judged; on the open internet only with TLS, on the ports that are
for mail, and never for longer than said.
"""

import ipaddress
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

import httpx
from django.conf import settings

from outside import addresses, names, wires
from outside.addresses import Address, Network
from tenancy import network

PORTS = (465, 587, 2525, 25)
_NAMED_OURSELVES = "localhost"


class Why(StrEnum):
    """Why the mail was not taken."""

    ADDRESS = "address"
    PORT = "port"
    NAME = "name"
    CONNECTION = "connection"
    TLS = "tls"
    NO_TLS = "no_tls"
    TIME = "time"
    LOGIN = "login"
    SENDER = "sender"
    RECIPIENT = "recipient"
    REFUSED = "refused"
    NONSENSE = "nonsense"


class NotTaken(Exception):
    """The server has not taken the mail, or has not said that it did. `why` says what was in the way."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed in, and as whom. `security` is "tls", "starttls" or "plain"."""

    host: str
    port: int
    security: str
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Gate:
    """Which servers may be used: those of the open internet, and those in networks that are `allowed`, at any port
    and without TLS. `tls`: whose certificates count."""

    allowed: tuple[Network, ...] = ()
    lookup: wires.Lookup = names.lookup
    tls: ssl.SSLContext | None = None

    def deliver(self, server: Server, *, sender: str, to: Sequence[str], message: bytes, within_seconds: int) -> None:
        """Hand the mail in; `within_seconds` is for everything together.

        Raises NotTaken, also when only the last answer was lost, and tenancy.network.InsideTransaction.
        """
        network.refuse_inside_transaction()
        deadline = wires.Deadline(within_seconds)
        try:
            found = self._judged(server, deadline)
            with _ending(_client(server, found, self.tls or _tls(), deadline), deadline) as smtp:
                _hand_in(smtp, server, self.tls or _tls(), sender, to, message)
        except NotTaken as error:
            raise NotTaken(Why.TIME if deadline.is_over else error.why) from error
        except (OSError, LookupError, ValueError) as error:
            raise NotTaken(Why.TIME if deadline.is_over else _meaning(error)) from error

    def _judged(self, server: Server, deadline: wires.Deadline) -> tuple[Address, ...]:
        try:
            found: tuple[Address, ...] = (ipaddress.ip_address(server.host),)
        except ValueError:
            found = self.lookup(server.host, deadline.left())
        if not all(addresses.may_be_asked(one, allowed=self.allowed) for one in found):
            raise NotTaken(Why.ADDRESS)
        if all(addresses.is_within(one, self.allowed) for one in found):
            return found
        if server.port not in PORTS:
            raise NotTaken(Why.PORT)
        if server.security == "plain":
            raise NotTaken(Why.NO_TLS)
        return found


def from_settings() -> Gate:
    """The gate as OUTSIDE_NETWORKS says."""
    return Gate(allowed=tuple(settings.OUTSIDE_NETWORKS))


def _client(server: Server, found: tuple[Address, ...], tls: ssl.SSLContext, deadline: wires.Deadline) -> smtplib.SMTP:
    """Somebody who speaks SMTP to the judged addresses and to no other; not connected yet."""

    class Client(smtplib.SMTP):
        def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
            dialled = _dial(found, port, deadline)
            return tls.wrap_socket(dialled, server_hostname=host) if server.security == "tls" else dialled

    client = Client(local_hostname=_NAMED_OURSELVES, timeout=deadline.left())
    client._host = server.host  # type: ignore[attr-defined]  # whose certificate STARTTLS asks for
    return client


def _dial(found: tuple[Address, ...], port: int, deadline: wires.Deadline) -> socket.socket:
    failure: OSError | None = None
    for address in found:
        try:
            return socket.create_connection((str(address), port), deadline.left())
        except TimeoutError:
            raise
        except OSError as error:
            failure = error
    raise failure or OSError("no address")


@contextmanager
def _ending(client: smtplib.SMTP, deadline: wires.Deadline) -> Iterator[smtplib.SMTP]:
    """The client, whose connection is cut when the time is up, however little is said at a time."""

    def cut() -> None:
        if client.sock is not None:
            with suppress(OSError):
                # What TLS makes of it is not waited for.
                socket.socket.shutdown(client.sock, socket.SHUT_RDWR)

    watch = threading.Timer(deadline.left(), cut)
    watch.daemon = True
    watch.start()
    try:
        yield client
    finally:
        watch.cancel()
        client.close()


def _hand_in(
    smtp: smtplib.SMTP, server: Server, tls: ssl.SSLContext, sender: str, to: Sequence[str], message: bytes
) -> None:
    code, _greeting = smtp.connect(server.host, server.port)
    if code != 220:
        raise NotTaken(Why.REFUSED)
    smtp.ehlo()
    if server.security == "starttls":
        if not smtp.has_extn("starttls"):
            raise NotTaken(Why.NO_TLS)
        smtp.starttls(context=tls)
        smtp.ehlo()
    smtp.login(server.username, server.password)
    smtp.sendmail(sender, list(to), message)


def _meaning(error: Exception) -> Why:
    """The first that fits says it: some of these are kinds of one another."""
    meanings: tuple[tuple[type[Exception], Why], ...] = (
        (names.NoSuchName, Why.NAME),
        (ssl.SSLError, Why.TLS),
        (smtplib.SMTPAuthenticationError, Why.LOGIN),
        (smtplib.SMTPNotSupportedError, Why.LOGIN),
        (smtplib.SMTPSenderRefused, Why.SENDER),
        (smtplib.SMTPRecipientsRefused, Why.RECIPIENT),
        (smtplib.SMTPServerDisconnected, Why.NONSENSE),
        (smtplib.SMTPResponseException, Why.REFUSED),
        (smtplib.SMTPException, Why.REFUSED),
        (TimeoutError, Why.TIME),
        (OSError, Why.CONNECTION),
        # A name or a password that the protocol has no letters for.
        (ValueError, Why.LOGIN),
    )
    return next((why for kind, why in meanings if isinstance(error, kind)), Why.NONSENSE)


@cache
def _tls() -> ssl.SSLContext:
    """Trust in the public authorities, as for every other request."""
    return httpx.create_ssl_context()
