"""A recording passed on from where HMS keeps it, piece by piece, and written down nowhere.

Its address comes from HMS and is still asked of the open Internet alone: https, a public address that is resolved once
and then kept to, no redirect, no key of ours, bounded in bytes and in time.
"""

import ipaddress
import logging
import mimetypes
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from types import MappingProxyType

import httpx
from django.conf import settings

log = logging.getLogger(__name__)
_MOST_BYTES = 512 * 1024 * 1024
_MOST_SECONDS = 900
_TIMEOUT_SECONDS = 10
_RANGE = re.compile(r"bytes=(?:[0-9]{1,12}-[0-9]{0,12}|-[0-9]{1,12})\Z")
_PASSED_ON = ("Content-Length", "Content-Range", "Accept-Ranges")
_OF_MEDIA = ("audio/", "video/")


class CannotBeHeard(RuntimeError):
    """The recording is not where HMS said, or not where we would fetch it from."""


class Recording:
    """An open recording: `status` is 200, 206 or 416, its `headers` fit that. Iterate once, then close."""

    def __init__(self, answer: httpx.Response, content_type: str) -> None:
        self._answer = answer
        self.status = answer.status_code
        self.content_type = content_type
        found = {name: answer.headers[name] for name in _PASSED_ON if name in answer.headers}
        self.headers: Mapping[str, str] = MappingProxyType(found)

    def __iter__(self) -> Iterator[bytes]:
        passed, since = 0, time.monotonic()
        # The headers are out: what breaks off now ends the body, and the browser sees that it is too short.
        with suppress(httpx.HTTPError):
            for chunk in self._answer.iter_raw():
                passed += len(chunk)
                if passed > _MOST_BYTES or time.monotonic() - since > _MOST_SECONDS:
                    log.warning("a recording was cut off after %s bytes", passed)
                    return
                yield chunk

    def close(self) -> None:
        """Let go of the connection."""
        self._answer.close()


def fetch(url: str, *, byte_range: str = "") -> Recording:
    """Open the recording, from a byte on when a browser asks for `bytes=...`. Raises CannotBeHeard."""
    headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
    if _RANGE.match(byte_range):
        headers["Range"] = byte_range
    request = _request(url, headers)
    try:
        answer = _connections().send(request, stream=True, auth=None, follow_redirects=False)
    except httpx.HTTPError as error:
        raise CannotBeHeard(type(error).__name__) from None
    if answer.status_code not in (200, 206, 416) or answer.headers.get("Content-Encoding", "identity") != "identity":
        answer.close()
        raise CannotBeHeard(f"answered {answer.status_code}")
    return Recording(answer, _content_type(answer, url))


def _request(url: str, headers: Mapping[str, str]) -> httpx.Request:
    """The request to the one address that was found fit, in the name of the host that was asked for."""
    try:
        asked = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise CannotBeHeard("no address") from error
    if not asked.host or asked.userinfo:
        raise CannotBeHeard("no address")
    said = {**headers, "Host": asked.netloc.decode()}
    if _is_local_play():
        return _connections().build_request("GET", asked, headers=said, timeout=_TIMEOUT_SECONDS)
    if asked.scheme != "https":
        raise CannotBeHeard("not https")
    pinned = asked.copy_with(host=_public_address(asked.host, asked.port or 443))
    return _connections().build_request(
        "GET", pinned, headers=said, timeout=_TIMEOUT_SECONDS, extensions={"sni_hostname": asked.host}
    )


def _is_local_play() -> bool:
    """Whether HMS is a sandbox on this machine, which production refuses."""
    return not settings.HMS_API_URL.startswith("https://")


def _public_address(host: str, port: int) -> str:
    """The host's first address, if none of them leads inside."""
    try:
        found = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise CannotBeHeard("unknown host") from error
    if not found or not all(_is_public(address) for address in found):
        raise CannotBeHeard("not a public address")
    return found[0]


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_global and not address.is_multicast


def _content_type(answer: httpx.Response, url: str) -> str:
    """What a player may take it for; never anything that a browser would show as a page."""
    said = str(answer.headers.get("Content-Type", "")).partition(";")[0].strip().lower()
    guessed = mimetypes.guess_type(httpx.URL(url).path)[0] or ""
    return next((kind for kind in (said, guessed) if kind.startswith(_OF_MEDIA)), "application/octet-stream")


@cache
def _connections() -> httpx.Client:
    """Connections to strangers, apart from those that carry keys; an environment's proxy is not asked."""
    return httpx.Client(trust_env=False, verify=ssl.create_default_context(), headers={"User-Agent": "portal"})
