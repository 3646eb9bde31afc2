"""A recording passed on from where HMS keeps it, piece by piece, and written down nowhere.

Its address comes from HMS and is still asked as one from elsewhere: through the gate of `outside`, without a key of
ours, bounded in bytes and in time.
"""

import logging
import mimetypes
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from urllib.parse import urlsplit

from outside import guarded

log = logging.getLogger(__name__)
_MOST_BYTES = 512 * 1024 * 1024
_LASTING_MS = 900_000
_WITHIN_MS = 10_000
_RANGE = re.compile(r"bytes=(?:[0-9]{1,12}-[0-9]{0,12}|-[0-9]{1,12})\Z")
_PASSED_ON = ("Content-Length", "Content-Range", "Accept-Ranges")
_OF_MEDIA = ("audio/", "video/")


class CannotBeHeard(RuntimeError):
    """The recording is not where HMS said, or not where we would fetch it from."""


class Recording:
    """An open recording: `status` is 200, 206 or 416, its `headers` fit that. Iterate once, then close."""

    def __init__(self, answer: guarded.Opened, content_type: str) -> None:
        self._answer = answer
        self.status = answer.status
        self.content_type = content_type
        found = {name: answer.headers[name.lower()] for name in _PASSED_ON if name.lower() in answer.headers}
        self.headers: Mapping[str, str] = MappingProxyType(found)

    def __iter__(self) -> Iterator[bytes]:
        passed = 0
        # The headers are out: what breaks off now ends the body, and the browser sees that it is too short.
        with suppress(guarded.NoAnswer):
            for chunk in self._answer:
                passed += len(chunk)
                if passed > _MOST_BYTES:
                    log.warning("a recording was cut off after %s bytes", passed)
                    return
                yield chunk

    def close(self) -> None:
        """Let go of the connection."""
        self._answer.close()


def fetch(url: str, *, byte_range: str = "") -> Recording:
    """Open the recording, from a byte on when a browser asks for `bytes=...`. Raises CannotBeHeard."""
    headers = {"Accept": "*/*", "User-Agent": "portal"}
    if _RANGE.match(byte_range):
        headers["Range"] = byte_range
    try:
        answer = guarded.from_settings().open(url, headers=headers, within_ms=_WITHIN_MS, lasting_ms=_LASTING_MS)
    except guarded.WrongAddress as error:
        raise CannotBeHeard("no address") from error
    except guarded.NoAnswer as error:
        raise CannotBeHeard(error.why.value) from None
    if answer.status not in (200, 206, 416) or answer.headers.get("content-encoding", "identity") != "identity":
        answer.close()
        raise CannotBeHeard(f"answered {answer.status}")
    return Recording(answer, _content_type(answer, url))


def _content_type(answer: guarded.Opened, url: str) -> str:
    """What a player may take it for; never anything that a browser would show as a page."""
    said = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    guessed = mimetypes.guess_type(urlsplit(url).path)[0] or ""
    return next((kind for kind in (said, guessed) if kind.startswith(_OF_MEDIA)), "application/octet-stream")
