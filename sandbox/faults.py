"""Trouble on demand: the next N requests under a path are answered wrongly, late or not at all."""

import threading
from dataclasses import asdict, dataclass
from typing import Any

from werkzeug.wrappers import Response

from sandbox.answers import json_answer, refuse

KINDS = ("500", "502", "503", "429", "hang", "cut", "lost")
AFTER_THE_EFFECT = "lost"
HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"


@dataclass
class Fault:
    """`kind` for the next `times` requests under `prefix` (with `method`, when given).

    500, 503, 429: that answer, nothing done. 502: an HTML page. hang: silence for `seconds`, then a cut,
    nothing done. cut: cut at once, nothing done. lost: everything is done, then the answer is lost (after `seconds`).
    """

    prefix: str
    kind: str
    times: int
    method: str = ""
    seconds: float = 0.0


class Faults:
    """The faults that are still to happen; they do not survive a restart."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def waiting(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def take(self, method: str, path: str) -> Fault | None:
        """The fault this request meets, used up by one."""
        with self._lock:
            for fault in self._faults:
                if path.startswith(fault.prefix) and fault.method in ("", method):
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                    return fault
        return None


def from_body(body: dict[str, Any]) -> Fault:
    """The fault a control asks for. Refused 400 when it makes no sense."""
    kind, prefix, times = str(body.get("kind", "")), body.get("prefix"), body.get("times", 1)
    if kind not in KINDS:
        raise refuse(400, "Unknown kind of fault", f"Known: {', '.join(KINDS)}")
    if not isinstance(prefix, str) or not prefix.startswith("/") or prefix.startswith("/_sandbox"):
        raise refuse(400, "prefix is a path of HMS, Stripe or Checkout, such as /stripe/v1/checkout")
    if not isinstance(times, int) or times < 1:
        raise refuse(400, "times is a whole number from 1")
    seconds = body.get("seconds", 0)
    if not isinstance(seconds, int | float) or seconds < 0:
        raise refuse(400, "seconds is a number from 0")
    return Fault(prefix, kind, times, str(body.get("method", "")).upper(), float(seconds))


def wrong_answer(kind: str, path: str) -> Response:
    """The answer of a fault that does answer, in the shape of the side that is asked."""
    if kind == "502":
        return Response(HTML, 502, content_type="text/html")
    status = int(kind)
    text = {429: "Rate limit exceeded", 500: "Internal server error", 503: "Service unavailable"}[status]
    if path.startswith("/stripe"):
        error = {"type": "invalid_request_error", "code": "rate_limit"} if status == 429 else {"type": "api_error"}
        return json_answer({"error": error | {"message": text}}, status)
    response = json_answer({"error": text} | ({"retry_after": 1} if status == 429 else {}), status)
    if status == 429:
        response.headers["Retry-After"] = "1"
    return response
