"""Recordings are passed on in pieces, from the open Internet alone, and as nothing a browser would show as a page."""

import socket
from typing import Any

import httpx
import pytest

from calls import recording
from calls.recording import CannotBeHeard

URL = "https://recordings.test/a/1.mp3?sig=x"
BODY = bytes(range(256)) * 40


class Store:
    """Where recordings lie; `asked` remembers the requests."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.answer: dict[str, Any] = {"headers": {"Content-Type": "audio/mpeg"}, "content": BODY}

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        said = {"status_code": 200, **self.answer}
        if isinstance(content := said.get("content"), bytes):
            said |= {"content": iter([content]), "headers": {"Content-Length": str(len(content))} | said["headers"]}
        return httpx.Response(**said)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Store:
    store = Store()
    client = httpx.Client(transport=httpx.MockTransport(store.handle))
    monkeypatch.setattr(recording, "_connections", lambda: client)
    settings.HMS_API_URL = "https://hms.test/api/v1"
    leads_to(monkeypatch, "93.184.215.14")
    return store


def leads_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_how: found)


def test_it_arrives_as_it_lies_there(store: Store) -> None:
    found = recording.fetch(URL)
    assert b"".join(found) == BODY
    assert (found.status, found.content_type, found.headers["Content-Length"]) == (200, "audio/mpeg", str(len(BODY)))


def test_the_address_that_was_checked_is_the_one_that_is_asked(store: Store) -> None:
    recording.fetch(URL).close()
    (request,) = store.asked
    assert request.url.host == "93.184.215.14"
    assert request.headers["Host"] == "recordings.test"
    assert request.extensions["sni_hostname"] == "recordings.test"
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.7",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "0.0.0.0",
    ],
)
def test_no_address_inside_is_asked(store: Store, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    leads_to(monkeypatch, "93.184.215.14", address)
    with pytest.raises(CannotBeHeard):
        recording.fetch(URL)
    assert store.asked == []


@pytest.mark.parametrize(
    "url", ["http://recordings.test/1", "file:///etc/passwd", "https://u:p@x.test/", "", "https://"]
)
def test_only_plain_https_is_asked(store: Store, url: str) -> None:
    with pytest.raises(CannotBeHeard):
        recording.fetch(url)
    assert store.asked == []


@pytest.mark.parametrize("status", [301, 302, 307, 403, 404, 500])
def test_a_redirect_or_a_refusal_is_no_recording(store: Store, status: int) -> None:
    store.answer = {"status_code": status, "headers": {"Location": "http://169.254.169.254/"}}
    with pytest.raises(CannotBeHeard):
        recording.fetch(URL)
    assert len(store.asked) == 1


def test_a_part_is_asked_for_and_answered_as_a_part(store: Store) -> None:
    store.answer = {"status_code": 206, "headers": {"Content-Range": "bytes 5-9/100"}, "content": b"12345"}
    found = recording.fetch(URL, byte_range="bytes=5-9")
    assert store.asked[0].headers["Range"] == "bytes=5-9"
    assert (found.status, found.headers["Content-Range"], b"".join(found)) == (206, "bytes 5-9/100", b"12345")


@pytest.mark.parametrize("byte_range", ["bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=0-\r\nX: y"])
def test_a_strange_part_is_not_passed_on(store: Store, byte_range: str) -> None:
    recording.fetch(URL, byte_range=byte_range).close()
    assert "range" not in store.asked[0].headers


@pytest.mark.parametrize(
    ("said", "path", "kind"),
    [
        ("text/html", "1.mp3", "audio/mpeg"),
        ("text/html; charset=utf-8", "1", "application/octet-stream"),
        ("image/svg+xml", "1.svg", "application/octet-stream"),
        ("binary/octet-stream", "1.wav", "audio/x-wav"),
        ("AUDIO/OGG", "1", "audio/ogg"),
    ],
)
def test_whatever_it_is_called_it_is_no_page(store: Store, said: str, path: str, kind: str) -> None:
    store.answer["headers"] = {"Content-Type": said}
    assert recording.fetch(f"https://recordings.test/{path}").content_type == kind


def test_it_is_cut_off_at_a_bound(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_MOST_BYTES", 100)
    assert b"".join(recording.fetch(URL)) == b""


def test_what_breaks_off_ends_the_body(store: Store) -> None:
    def breaking() -> Any:
        yield b"begun"
        raise httpx.ReadError("reset")

    store.answer["content"] = breaking()
    assert b"".join(recording.fetch(URL)) == b"begun"
