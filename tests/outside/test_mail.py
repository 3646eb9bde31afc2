"""A customer's mail server gets mail, or the mail is not sent: never inside our networks, never unencrypted outside."""

import ssl
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from django.db import transaction

from outside import names
from outside.mail import PORTS, Gate, NotTaken, Server, Why
from tenancy import network
from tests.support import endpoint as endpoints
from tests.support import mail_server
from tests.support.issued import Authority
from tests.support.mail_server import PASSWORD, USERNAME, MailServer

LOOPBACK = (ip_network("127.0.0.0/8"),)
MESSAGE = b"From: Acme <hello@acme.test>\r\nSubject: Hi\r\n\r\nHello\r\n"


@pytest.fixture
def plain() -> Iterator[MailServer]:
    with mail_server.running() as found:
        yield found


def server(port: int, security: str = "plain", host: str = "127.0.0.1", **other: str) -> Server:
    return Server(host, port, security, other.get("username", USERNAME), other.get("password", PASSWORD))


def deliver(gate: Gate, to: Server, within_seconds: int = 5) -> None:
    gate.deliver(to, sender="hello@acme.test", to=["ben@client.test"], message=MESSAGE, within_seconds=within_seconds)


def why(gate: Gate, to: Server, within_seconds: int = 5) -> Why:
    with pytest.raises(NotTaken) as caught:
        deliver(gate, to, within_seconds)
    return caught.value.why


def test_a_mail_arrives(plain: MailServer) -> None:
    deliver(Gate(allowed=LOOPBACK), server(plain.port))
    (mail,) = plain.mails
    assert (mail["Subject"], plain.senders) == ("Hi", ["hello@acme.test"])


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "100.64.0.1"])
def test_nothing_private_is_asked_unless_the_operator_allows_it(plain: MailServer, host: str) -> None:
    assert why(Gate(), server(plain.port, "starttls", host)) is Why.ADDRESS
    assert plain.sessions == 0


def test_a_name_that_also_leads_inside_is_refused(plain: MailServer) -> None:
    both = Gate(lookup=lambda host, seconds: (ip_address("93.184.216.34"), ip_address("127.0.0.1")))
    assert why(both, server(587, "starttls", "smtp.example.com")) is Why.ADDRESS


def test_a_name_that_nobody_has_is_named() -> None:
    def nobody(host: str, seconds: float) -> tuple[()]:
        raise names.NoSuchName(host)

    assert why(Gate(lookup=nobody), server(587, "starttls", "smtp.example.com")) is Why.NAME


def test_outside_only_ports_for_mail_and_only_with_tls() -> None:
    public = Gate(lookup=lambda host, seconds: (ip_address("93.184.216.34"),))
    for port in (22, 80, 443, 6379, 11211):
        assert port not in PORTS
        assert why(public, server(port, "tls", "smtp.example.com")) is Why.PORT
    assert why(public, server(587, "plain", "smtp.example.com")) is Why.NO_TLS


def test_the_judged_address_is_the_one_that_is_asked(plain: MailServer) -> None:
    asked = []

    def lookup(host: str, seconds: float) -> tuple[object, ...]:
        asked.append(host)
        return (ip_address("127.0.0.1"),)

    deliver(Gate(allowed=LOOPBACK, lookup=lookup), server(plain.port, host="rebinding.example.com"))
    assert (asked, len(plain.mails)) == (["rebinding.example.com"], 1)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_the_certificate_is_for_the_name_and_of_somebody_trusted(tmp_path: Path, security: str) -> None:
    authority = Authority(tmp_path)
    shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    shown.load_cert_chain(authority.issue("smtp.acme.test"))
    trust = ssl.create_default_context(cafile=str(authority.root))
    gate = Gate(allowed=LOOPBACK, lookup=lambda host, seconds: (ip_address("127.0.0.1"),), tls=trust)
    how = {"tls": shown} if security == "tls" else {"starttls": shown}
    with mail_server.running(**how) as there:
        deliver(gate, server(there.port, security, "smtp.acme.test"))
        assert len(there.mails) == 1
        assert why(gate, server(there.port, security, "other.acme.test")) is Why.TLS
        stranger = Gate(allowed=LOOPBACK, lookup=gate.lookup)
        assert why(stranger, server(there.port, security, "smtp.acme.test")) is Why.TLS
        assert len(there.mails) == 1


def test_a_server_without_starttls_never_hears_the_password(plain: MailServer) -> None:
    assert why(Gate(allowed=LOOPBACK), server(plain.port, "starttls")) is Why.NO_TLS
    assert plain.senders == []


@pytest.mark.parametrize(
    ("step", "answer", "reason"),
    [
        ("MAIL", "553 not your address", Why.SENDER),
        ("RCPT", "550 nobody here", Why.RECIPIENT),
        ("DATA", "554 no", Why.REFUSED),
    ],
)
def test_what_a_server_refuses_is_named(plain: MailServer, step: str, answer: str, reason: Why) -> None:
    plain.refuses[step] = answer
    assert why(Gate(allowed=LOOPBACK), server(plain.port)) is reason


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"username": "somebody"}, {"password": "pässwörd"}])
def test_a_wrong_password_is_named(plain: MailServer, wrong: dict[str, str]) -> None:
    assert why(Gate(allowed=LOOPBACK), server(plain.port, **wrong)) is Why.LOGIN


def test_what_is_no_mail_server_is_named() -> None:
    with endpoints.listening() as web:
        web.sends(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        assert why(Gate(allowed=LOOPBACK), server(web.port), within_seconds=2) in (Why.NONSENSE, Why.TIME, Why.REFUSED)
    assert why(Gate(allowed=LOOPBACK), server(9)) is Why.CONNECTION


def test_a_server_that_drips_is_cut_off_when_the_time_is_up() -> None:
    import socket
    import threading
    import time

    over = threading.Event()

    def drip(listening: socket.socket) -> None:
        connection, _peer = listening.accept()
        with connection:
            while not over.wait(0.05):
                try:
                    connection.sendall(b"2")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=drip, args=(listening,), daemon=True).start()
        began = time.monotonic()
        assert why(Gate(allowed=LOOPBACK), server(listening.getsockname()[1]), within_seconds=1) is Why.TIME
        assert time.monotonic() - began < 3
        over.set()


@pytest.mark.usefixtures("no_transaction")
def test_no_mail_is_handed_in_inside_a_transaction(plain: MailServer) -> None:
    with transaction.atomic(), pytest.raises(network.InsideTransaction):
        deliver(Gate(allowed=LOOPBACK), server(plain.port))
