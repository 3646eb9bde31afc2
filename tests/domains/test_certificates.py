"""What is wrong with a certificate is told apart, and only the address of our own proxy is ever connected to."""

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest
from django.db import connection, transaction

from domains import certificates
from domains.certificates import NoCertificate, Seen, Why
from tenancy.network import InsideTransaction
from tests.support import issued
from tests.support.issued import Authority

NAME = "voice.acme.test"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def look(port: int, authority: Authority | None, name: str = NAME) -> Seen:
    return certificates.look(name, address="127.0.0.1", port=port, authorities=authority.root if authority else None)


def why_not(port: int, authority: Authority | None, name: str = NAME) -> Why:
    with pytest.raises(NoCertificate) as caught:
        look(port, authority, name)
    return caught.value.why


def test_a_certificate_that_holds_is_seen_with_its_end_and_its_issuer(authority: Authority) -> None:
    with issued.shown(authority.issue(NAME, days=20)) as port:
        seen = look(port, authority)
    assert seen.issuer == "Test Trust"
    assert timedelta(days=19) < seen.not_after - datetime.now(UTC) < timedelta(days=21)


def test_one_that_has_ended_is_none(authority: Authority) -> None:
    with issued.shown(authority.issue(NAME, days=-1)) as port:
        assert why_not(port, authority) is Why.EXPIRED


def test_one_for_another_name_is_none(authority: Authority) -> None:
    with issued.shown(authority.issue("other.test")) as port:
        assert why_not(port, authority) is Why.OTHER_NAME


def test_one_of_an_unknown_authority_is_none(authority: Authority) -> None:
    with issued.shown(authority.issue(NAME)) as port:
        assert why_not(port, None) is Why.NOT_TRUSTED


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_handshake_that_is_cut_off_is_a_refusal(authority: Authority, listening: socket.socket) -> None:
    def hang_up() -> None:
        connection, _address = listening.accept()
        with connection:
            connection.recv(1)

    thread = threading.Thread(target=hang_up)
    thread.start()
    assert why_not(listening.getsockname()[1], authority) is Why.REFUSED
    thread.join()


def test_silence_ends_after_a_while(
    authority: Authority, listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "SECONDS", 0.1)
    assert why_not(listening.getsockname()[1], authority) is Why.TIMED_OUT


def test_where_nobody_listens_there_is_none(authority: Authority, listening: socket.socket) -> None:
    port = listening.getsockname()[1]
    listening.close()
    assert why_not(port, authority) is Why.UNREACHABLE


def test_the_name_itself_is_never_looked_up(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = mock.Mock(wraps=socket.getaddrinfo)
    monkeypatch.setattr(socket, "getaddrinfo", asked)
    with issued.shown(authority.issue("localhost")) as port:
        look(port, authority, "localhost")
    assert [call.args[0] for call in asked.call_args_list] == ["127.0.0.1"]


@pytest.mark.usefixtures("no_transaction")
def test_nobody_looks_while_a_transaction_is_open(authority: Authority, tmp_path: Path) -> None:
    assert not connection.in_atomic_block
    with transaction.atomic(), pytest.raises(InsideTransaction):
        look(1, authority)
