"""Reading what a program asks for. A page forgives what makes no sense; a program is told."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from agencies import paging
from billing import months
from billing.months import Month
from calls import choosing
from calls.choosing import Choice, Outcome
from portal.api.access import Refused

_LONGEST_BODY = 16 * 1024
_MOST = 100
_LONGEST_KEY = 255


def only(request: HttpRequest, *names: str) -> None:
    """Refuse questions that nobody would answer. Raises Refused."""
    unknown = sorted(set(request.GET) - set(names))
    if unknown:
        raise _wrong(unknown[0], _("known are: %(names)s") % {"names": ", ".join(names) or "-"})


def limit(request: HttpRequest) -> int:
    """How many rows are wanted: 30 unless it is said, at most 100. Raises Refused."""
    text = request.GET.get("limit", "30")
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text[:4]) <= _MOST:
        raise _wrong("limit", _("a whole number from 1 to %(most)s") % {"most": _MOST})
    return int(text)


def before(request: HttpRequest) -> int | None:
    """The number of the movement to go on before. Raises Refused."""
    text = request.GET.get("before", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise _wrong("before", _("the number that next_before said"))
    return int(text)


def month(request: HttpRequest) -> Month | None:
    """The month of a statement. Raises Refused."""
    try:
        return months.read(request.GET["month"]) if "month" in request.GET else None
    except months.NotAMonth as error:
        raise _wrong("month", _("a month like 2026-03")) from error


def choice(request: HttpRequest) -> Choice:
    """Which of the client's calls are meant. Raises Refused."""
    said = request.GET
    return Choice(
        client_id=request.client.pk,  # type: ignore[attr-defined]
        since=_moment(said.get("since", ""), "since"),
        until=_moment(said.get("until", ""), "until"),
        direction=_one_of(said.get("direction", ""), choosing.DIRECTIONS, "direction"),
        outcome=Outcome(said["outcome"]) if _one_of(said.get("outcome", ""), list(Outcome), "outcome") else None,
    )


def after(request: HttpRequest) -> str:
    """The key of the next page, as the page before it said. Raises Refused."""
    text = request.GET.get("after", "")
    if text and paging.read_key(text) is None:
        raise _wrong("after", _("the text that next said"))
    return text


def idempotency_key(request: HttpRequest) -> str:
    """The key that makes a request count once. Raises Refused."""
    key = request.headers.get("Idempotency-Key", "")
    if not key or len(key) > _LONGEST_KEY or not key.isascii() or not key.isprintable():
        words = _("Send a header Idempotency-Key, up to 255 plain characters: a text of your own for each call.")
        raise Refused(400, "missing_idempotency_key", words)
    return key


def body(request: HttpRequest, *, required: Collection[str], optional: Collection[str]) -> dict[str, str]:
    """The texts of a JSON object. Raises Refused."""
    if request.content_type != "application/json":
        raise Refused(415, "not_json", _("Send JSON, with Content-Type: application/json."))
    found = _object(request.body[: _LONGEST_BODY + 1])
    for name in required:
        if name not in found:
            raise _wrong(name, _("it is missing"))
    for name, value in found.items():
        if name not in (*required, *optional):
            raise _wrong(name, _("there is no such field"))
        if not isinstance(value, str) or not value or "\0" in value:
            raise _wrong(name, _("a text that is not empty"))
    return found


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw) if len(raw) <= _LONGEST_BODY else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refused(400, "not_json", _("Send one JSON object, at most 16 KB."))
    return found


def _moment(text: str, name: str) -> datetime | None:
    if not text:
        return None
    try:
        # An unescaped plus sign of a time zone arrives as a space.
        at = datetime.fromisoformat(text.replace(" ", "+"))
        if at.utcoffset() is not None:
            return at
    except ValueError:
        raise _wrong(name, _("a time like 2026-03-10T12:00:00Z")) from None
    raise _wrong(name, _("a time with its time zone, like 2026-03-10T12:00:00Z"))


def _one_of(text: str, known: Collection[str], name: str) -> str:
    if text and text not in known:
        raise _wrong(name, _("one of: %(known)s") % {"known": ", ".join(known)})
    return text


def _wrong(name: str, wanted: str) -> Refused:
    return Refused(400, "invalid_field", f"{name}: {wanted}.")
