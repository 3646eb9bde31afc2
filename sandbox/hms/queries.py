"""The query of the two lists that have pages: limit, offset and a span of time."""

from dataclasses import dataclass

from werkzeug.wrappers import Request

from sandbox import times
from sandbox.answers import refuse

DEFAULT_LIMIT, MOST = 100, 1000


@dataclass(frozen=True)
class Span:
    """`since` and `until` are Unix seconds, both included; None is open."""

    limit: int
    offset: int
    since: float | None
    until: float | None

    def pagination(self, total: int) -> dict[str, int]:
        return {"total": total, "limit": self.limit, "offset": self.offset}


def span(request: Request) -> Span:
    """Reads the query. Refused 400 for a limit over 1000, a negative offset or something that is no date."""
    limit, offset = _whole(request, "limit", DEFAULT_LIMIT), _whole(request, "offset", 0)
    if not 1 <= limit <= MOST:
        raise refuse(400, "Invalid limit", f"limit must be between 1 and {MOST}")
    if offset < 0:
        raise refuse(400, "Invalid offset", "offset must not be negative")
    return Span(limit, offset, _instant(request, "start_date"), _instant(request, "end_date"))


def _whole(request: Request, name: str, default: int) -> int:
    text = request.args.get(name)
    if text is None or text == "":
        return default
    try:
        return int(text)
    except ValueError as error:
        raise refuse(400, f"Invalid {name}", f"{name} must be a whole number") from error


def _instant(request: Request, name: str) -> float | None:
    text = request.args.get(name)
    if not text:
        return None
    try:
        return times.parse(text, end_of_day=name == "end_date")
    except times.NotATime as error:
        raise refuse(400, f"Invalid {name}", f"{name} must be an ISO 8601 date or date-time") from error
