"""Turns an answer outside 2xx into its error, whichever of HMS's forms the body has, or none of them."""

from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TypeVar

from hms_client import errors
from hms_client.reading import Reader, decimal, text, texts, whole
from hms_client.values import FrozenMap, Json

T = TypeVar("T")

_CLASSES: dict[int, type[errors.StatusError]] = {
    400: errors.BadRequest,
    401: errors.Unauthorized,
    402: errors.InsufficientCredits,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    422: errors.Unprocessable,
    429: errors.RateLimited,
}
_LONGEST_TEXT = 500


def error_for(where: str, *, status: int, headers: Mapping[str, str], body: Json, now: float) -> errors.StatusError:
    """Return the error an answer stands for. `where` names the request without its ids; `now` is Unix time."""
    kind = _CLASSES.get(status, errors.ServerFault if status >= 500 else errors.StatusError)
    said, code, details = _explained(body)
    error = kind(
        f"{where}: {status} {said or _reason(status)}"[:_LONGEST_TEXT],
        status=status,
        body=body,
        code=code,
        details=details,
        rate=_rate(headers),
    )
    if isinstance(error, errors.InsufficientCredits):
        error.balance = _beside_or_inside(body, decimal, "balance")
    if isinstance(error, errors.RateLimited):
        error.retry_after = _retry_after(headers.get("retry-after"), body, now)
    return error


def _explained(body: Json) -> tuple[str, str | None, tuple[str, ...]]:
    """Read `{"error": text, "message"?, "details"?}` or `{"error": {"code", "message"}}`."""
    if not isinstance(body, FrozenMap):
        return "", None, ()
    inner = body.get("error")
    read = Reader(inner if isinstance(inner, FrozenMap) else body, "error")
    title, message = read.optional(text, "error"), read.optional(text, "message")
    said = ": ".join(dict.fromkeys(part for part in (title, message) if part))
    return said, read.optional(text, "code"), _beside_or_inside(body, texts, "details") or ()


def _beside_or_inside(body: Json, convert: Callable[[Json], T], name: str) -> T | None:
    """Read a further field of an error, which stands beside a text and beside or inside an object."""
    if not isinstance(body, FrozenMap):
        return None
    inner = body.get("error")
    places = (body, inner) if isinstance(inner, FrozenMap) else (body,)
    found = (Reader(place, "error").optional(convert, name) for place in places)
    return next((each for each in found if each is not None), None)


def _reason(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "unknown status"


def _rate(headers: Mapping[str, str]) -> errors.RateHeaders:
    return errors.RateHeaders(
        limit=_digits(headers.get("x-ratelimit-limit")),
        remaining=_digits(headers.get("x-ratelimit-remaining")),
        reset_at=_digits(headers.get("x-ratelimit-reset")),
    )


def _retry_after(header: str | None, body: Json, now: float) -> int | None:
    """The header counts, in seconds or as a date; else the body's own `retry_after` (seconds)."""
    asked = _digits(header)
    if asked is None and header:
        asked = _seconds_until(header, now)
    if asked is None:
        asked = _beside_or_inside(body, whole, "retry_after")
    return None if asked is None else max(0, asked)


def _seconds_until(date: str, now: float) -> int | None:
    try:
        then = parsedate_to_datetime(date)
    except ValueError:
        return None
    return round((then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp() - now)


def _digits(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) <= 12 else None
