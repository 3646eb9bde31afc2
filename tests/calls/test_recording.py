"""Recordings are passed on in pieces, through the one gate, and as nothing a browser would show as a page."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from calls import recording
from calls.recording import CannotBeHeard
from tests.support import endpoint as endpoints
from tests.support.endpoint import Endpoint

BODY = bytes(range(256)) * 4_000
AUDIO = "Content-Type: audio/mpeg\r\n"


@pytest.fixture
def store(settings: Any) -> Iterator[Endpoint]:
    """Where recordings lie."""
    settings.OUTSIDE_NETWORKS = [ip_network("127.0.0.0/8")]
    with endpoints.listening() as found:
        found.says(BODY, headers=AUDIO)
        yield found


def test_it_arrives_as_it_lies_there(store: Endpoint) -> None:
    found = recording.fetch(store.url)
    assert b"".join(found) == BODY
    assert (found.status, found.content_type, found.headers["Content-Length"]) == (200, "audio/mpeg", str(len(BODY)))
    found.close()


def test_it_is_asked_for_without_anything_of_ours(store: Endpoint) -> None:
    recording.fetch(f"{store.url}/1.mp3?sig=x").close()
    (request,) = store.requests
    assert request.line == "GET /hooks/1.mp3?sig=x HTTP/1.1"
    assert set(request.headers) == {"host", "accept", "accept-encoding", "connection", "user-agent"}


def test_no_address_inside_is_asked(store: Endpoint, settings: Any) -> None:
    settings.OUTSIDE_NETWORKS = []
    for url in (store.url, store.url.replace("http:", "https:")):
        with pytest.raises(CannotBeHeard):
            recording.fetch(url)
    assert store.requests == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "https://u:p@x.test/", "", "https://", "1.mp3"])
def test_what_is_no_address_is_not_asked(store: Endpoint, url: str) -> None:
    with pytest.raises(CannotBeHeard):
        recording.fetch(url)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 There", "403 No", "404 Gone", "500 Broken"])
def test_a_redirect_or_a_refusal_is_no_recording(store: Endpoint, status: str) -> None:
    store.says(b"", status, "Location: http://169.254.169.254/\r\n")
    with pytest.raises(CannotBeHeard):
        recording.fetch(store.url)
    assert len(store.requests) == 1


def test_what_is_packed_all_the_same_is_no_recording(store: Endpoint) -> None:
    store.says(BODY, headers=f"{AUDIO}Content-Encoding: gzip\r\n")
    with pytest.raises(CannotBeHeard):
        recording.fetch(store.url)


def test_a_part_is_asked_for_and_answered_as_a_part(store: Endpoint) -> None:
    store.says(b"12345", "206 Partial Content", f"{AUDIO}Content-Range: bytes 5-9/100\r\n")
    found = recording.fetch(store.url, byte_range="bytes=5-9")
    assert store.requests[0].headers["range"] == "bytes=5-9"
    assert (found.status, found.headers["Content-Range"], b"".join(found)) == (206, "bytes 5-9/100", b"12345")
    found.close()


@pytest.mark.parametrize("byte_range", ["bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=0-\r\nX: y"])
def test_a_strange_part_is_not_passed_on(store: Endpoint, byte_range: str) -> None:
    recording.fetch(store.url, byte_range=byte_range).close()
    assert "range" not in store.requests[0].headers


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
def test_whatever_it_is_called_it_is_no_page(store: Endpoint, said: str, path: str, kind: str) -> None:
    store.says(BODY, headers=f"Content-Type: {said}\r\n")
    found = recording.fetch(f"{store.url}/{path}")
    assert found.content_type == kind
    found.close()


def test_it_is_cut_off_at_a_bound(store: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_MOST_BYTES", 200_000)
    found = recording.fetch(store.url)
    assert 0 < len(b"".join(found)) <= 200_000
    found.close()


def test_what_breaks_off_ends_the_body(store: Endpoint) -> None:
    store.sends(f"HTTP/1.1 200 OK\r\n{AUDIO}Content-Length: 100\r\n\r\nbegun".encode())
    found = recording.fetch(store.url)
    assert b"".join(found) == b"begun"
    found.close()
