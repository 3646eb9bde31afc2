"""Looks at the certificate that visitors of a name are shown.

The name is said to our own proxy, whose address the operator gives. Nothing is connected to that an agency chose.
"""

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from tenancy import network

# To connect, and then for each step of the handshake. The proxy may be getting the certificate meanwhile.
SECONDS = 10.0
_EXPIRED, _OTHER_NAME = 10, 62  # OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED and X509_V_ERR_HOSTNAME_MISMATCH


class Why(StrEnum):
    """Why there is no certificate that a browser would take."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    EXPIRED = "expired"
    OTHER_NAME = "other_name"
    NOT_TRUSTED = "not_trusted"


class NoCertificate(LookupError):
    """Visitors of the name get no certificate that a browser would take. `why` says what is in the way."""

    def __init__(self, why: Why) -> None:
        self.why = why
        super().__init__(why.value)


@dataclass(frozen=True, slots=True)
class Seen:
    """A certificate that browsers take: until when, and who issued it."""

    not_after: datetime
    issuer: str


def look(host: str, *, address: str, port: int, authorities: Path | None = None) -> Seen:
    """The certificate that `host`, an A-label, is shown at our proxy.

    `authorities`: the certificates in this file are trusted rather than those that the system trusts. Raises
    NoCertificate, and tenancy.network.InsideTransaction.
    """
    network.refuse_inside_transaction()
    context = ssl.create_default_context(cafile=authorities)
    try:
        connection = socket.create_connection((address, port), timeout=SECONDS)
    except OSError as error:
        raise NoCertificate(Why.UNREACHABLE) from error
    with connection:
        return _shown(context, connection, host)


def look_at_our_proxy(host: str) -> Seen:
    """The same at CERTIFICATE_PROBE, which must be set, with the certificates that this system trusts."""
    address, _colon, port = settings.CERTIFICATE_PROBE.rpartition(":")
    return look(host, address=address.strip("[]"), port=int(port))


def words(why: Why) -> str:
    """One sentence for the person whose domain it is."""
    return {
        Why.UNREACHABLE: _("our server could not be reached."),
        Why.REFUSED: _("none has been issued yet."),
        Why.TIMED_OUT: _("it is taking longer than usual."),
        Why.EXPIRED: _("the old one has run out."),
        Why.OTHER_NAME: _("visitors are shown one for another name."),
        Why.NOT_TRUSTED: _("visitors are shown one that browsers do not trust."),
    }[why]


def _shown(context: ssl.SSLContext, connection: socket.socket, host: str) -> Seen:
    try:
        with context.wrap_socket(connection, server_hostname=host) as secured:
            told = secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        known = {_EXPIRED: Why.EXPIRED, _OTHER_NAME: Why.OTHER_NAME}
        raise NoCertificate(known.get(error.verify_code, Why.NOT_TRUSTED)) from error
    except TimeoutError as error:
        raise NoCertificate(Why.TIMED_OUT) from error
    except (OSError, ValueError) as error:
        raise NoCertificate(Why.REFUSED) from error
    not_after = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(told["notAfter"])), UTC)
    return Seen(not_after, _name(told["issuer"]))


def _name(distinguished: Any) -> str:
    """The organization of a name in the form of `SSLSocket.getpeercert()`, or its common name."""
    parts = {key: value for relative in distinguished for key, value in relative}
    return str(parts.get("organizationName") or parts.get("commonName") or "")
