"""What HMS may be told before a call: the client's own words, within what the client can pay for.

Pure. Whatever an endpoint answers, the call is no longer than we granted, and its reports still come to us.
"""

from collections.abc import Mapping
from typing import Any

_LENGTH = "max_duration_seconds"
# Where the call's events go. They are ours to hand on.
_OURS = frozenset({"webhook_url", "webhook_secret", "webhook_events"})
_PARTS = ("assistant", "assistant_override")


def within(said: Mapping[str, Any], seconds: int) -> dict[str, Any]:
    """The answer of a client's endpoint, shortened to `seconds` wherever it could say how long the call may be.

    A refusal is passed on as it is: it costs nothing.
    """
    error = said.get("error")
    if isinstance(error, str) and error:
        return {"error": error}
    answer = {name: value for name, value in said.items() if name != "error"}
    if "assistant_id" in answer and not isinstance(answer.get("assistant_override"), dict):
        answer["assistant_override"] = {}
    for name in _PARTS:
        if isinstance(answer.get(name), dict):
            answer[name] = _bounded(answer[name], seconds)
    return _bounded(answer, seconds)


def _bounded(part: Mapping[str, Any], seconds: int) -> dict[str, Any]:
    kept = {name: value for name, value in part.items() if name not in _OURS}
    wanted = part.get(_LENGTH)
    length = wanted if isinstance(wanted, int) and not isinstance(wanted, bool) and wanted > 0 else seconds
    return {**kept, _LENGTH: min(length, seconds)}
