"""What the proxy asks: an empty yes or no, one query, no DNS, and nobody outside may ask."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agencies.models import Agency
from domains.models import Domain

pytestmark = pytest.mark.django_db
PATH = "/internal/tls-allowed"


@pytest.fixture
def proved(acme: Agency) -> str:
    Domain.objects.create(domain="voice.acme.test", tenant=acme, kind="custom", state="verified", token="t" * 26)
    return "voice.acme.test"


@pytest.fixture
def no_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """No name is looked up; the database and the cache are at addresses that are connected already, or are one."""
    asked: list[Any] = []
    real = socket.getaddrinfo

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in ("127.0.0.1", "localhost"):
            asked.append(host)
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def ask(query: str, **headers: str) -> Any:
    return Client().get(f"{PATH}?{query}", HTTP_HOST="127.0.0.1", **headers)


def test_a_proved_name_may_have_a_certificate(proved: str) -> None:
    assert ask(f"domain={proved}").status_code == 200


def test_a_yes_and_a_no_differ_in_the_status_alone(proved: str) -> None:
    yes, no = ask(f"domain={proved}"), ask("domain=unknown.test")
    assert (yes.status_code, no.status_code) == (200, 403)
    assert yes.content == no.content == b""
    assert dict(yes.headers) == dict(no.headers)
    assert not yes.cookies
    assert yes.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "domain=",
        "domain=voice.acme.test&domain=voice.acme.test",
        "domain=VOICE.acme.test",
        "domain=voice.acme.test.",
        "domain=voice.acme.test:443",
        "domain=%20voice.acme.test",
        "domain=voice.acme.test%00",
        "domain=%FF",
        "domain=*.acme.test",
        "domain=127.0.0.1",
        "domain=" + "a" * 5000,
        "host=voice.acme.test",
    ],
)
def test_anything_but_one_name_as_it_is_stored_is_a_no(query: str, proved: str) -> None:
    answer = ask(query)
    assert (answer.status_code, answer.content) == (403, b"")


def test_the_whole_request_asks_the_database_once_and_dns_never(proved: str, no_names: list[Any]) -> None:
    ask(f"domain={proved}")
    for name in (proved, "unknown.test"):
        with CaptureQueriesContext(connection) as queries:
            ask(f"domain={name}")
        assert len(queries) == 1, [query["sql"] for query in queries]
    assert no_names == []


@pytest.mark.parametrize("method", ["post", "put", "delete", "head", "options"])
def test_it_is_asked_with_get_alone(method: str, proved: str) -> None:
    answer = getattr(Client(), method)(f"{PATH}?domain={proved}", HTTP_HOST="127.0.0.1")
    assert answer.status_code == 405


@pytest.mark.parametrize("headers", [{"HTTP_X_FORWARDED_FOR": "198.51.45.7"}, {"REMOTE_ADDR": "198.51.45.7"}])
def test_what_comes_from_outside_is_not_answered(headers: dict[str, str], proved: str) -> None:
    answer = ask(f"domain={proved}", **headers)
    assert answer.status_code == 404
    assert answer.content == Client().get("/", HTTP_HOST="unknown.test").content


@pytest.mark.parametrize("host", ["acme.portal.localhost", "portal.localhost", "operators.localhost"])
def test_no_other_host_has_it(host: str, proved: str) -> None:
    assert Client().get(f"{PATH}?domain={proved}", HTTP_HOST=host).status_code in (302, 404)
