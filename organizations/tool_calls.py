"""The one place that answers HMS's `tool-calls`: ours here, the others by whoever the client lets answer them.

Several calls in one message are answered together, within one time. A tool that fails fails alone. Which tools are
ours is what FINDERS say, the first that knows a name; the rest is the business of the client's endpoint.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from hms_client import FrozenMap, Json, WebhookEvent
from hms_client.values import decode, encode
from organizations import knowledge, relay
from organizations.tools import Finder, Later, Tool, ToolCall, ToolFailed

log = logging.getLogger(__name__)
FINDERS: tuple[Finder, ...] = (knowledge.tools,)
# For the whole message, ours and the endpoint's together. HMS waits 10 seconds.
WITHIN_MS = relay.TOOL_MS
# A model asks for two or three things at once; whoever asks for more is not answered for them.
MOST_AT_ONCE = 16
_LISTS = ("tool_call_list", "toolCallList")


def out_of_reach() -> str:
    """What an assistant is told of a tool that nobody answers."""
    return _("This tool cannot be reached right now.")


@dataclass(slots=True)
class Answering:
    """A message that is being answered: what ours have said, what is still waited for, and what is left for others."""

    calls: Sequence[ToolCall]
    # On the clock of _now_ms.
    until_ms: int
    said: dict[int, Any] = field(default_factory=dict)
    later: dict[int, Later] = field(default_factory=dict)
    _running: "dict[int, Future[Any]]" = field(default_factory=dict)

    @property
    def has_ours(self) -> bool:
        """At least one of the calls is for a tool of ours."""
        return bool(self.said or self.later)

    @property
    def has_left(self) -> bool:
        """Somebody else is to answer: for the calls that are not ours, or for a message that we cannot read."""
        return not self.has_ours or len(self.said) + len(self.later) < len(self.calls)

    def body_left(self, body: bytes) -> bytes:
        """What the client's endpoint gets: HMS's very body, or, when some calls are ours, the body without them."""
        return _without(body, {self.calls[place].id for place in self._ours()}) if self.has_ours else body

    def set_off(self) -> None:
        """Begin to wait for what is outside, beside whoever else is asked meanwhile."""
        # A single wait with nobody beside it needs no thread.
        if not self.later or (len(self.later) == 1 and not self.has_left):
            return
        threads = ThreadPoolExecutor(len(self.later), thread_name_prefix="tool")
        for place, later in self.later.items():
            self._running[place] = threads.submit(_waited, later, self.calls[place].name, self._left_ms())
        threads.shutdown(wait=False)

    def answer(self, others: Mapping[str, Any] | None) -> dict[str, Any]:
        """What HMS is told. `others`: what the client's endpoint said to what was left, None when it said nothing.

        No connection to the database is to be held: it waits for what set_off began.
        """
        if not self.has_ours:
            return {"error": out_of_reach()} if others is None else dict(others)
        for place, later in self.later.items():
            self.said[place] = self._collected(place, later)
        told = _by_id(others)
        results = [
            self.said[place] if place in self.said else told.get(call.id, told.get(None))
            for place, call in enumerate(self.calls)
        ]
        return {
            "results": [
                {"tool_call_id": call.id, "result": result} for call, result in zip(self.calls, results, strict=True)
            ]
        }

    def _ours(self) -> set[int]:
        return set(self.said) | set(self.later)

    def _left_ms(self) -> int:
        return max(0, self.until_ms - _now_ms())

    def _collected(self, place: int, later: Later) -> Any:
        running = self._running.get(place)
        if running is None:
            return _waited(later, self.calls[place].name, self._left_ms())
        try:
            return running.result(self._left_ms() / 1_000)
        except NotInTime:
            return {"error": out_of_reach()}


def begin(event: WebhookEvent, *, agency_id: int, organization_id: UUID) -> Answering:
    """Answer what ours can answer at once; what they wait for is begun by `Answering.set_off`.

    In the agency's schema, outside a transaction.
    """
    calls = _read(event, agency_id, organization_id)
    answering = Answering(calls, _now_ms() + WITHIN_MS)
    found = _found(organization_id, calls)
    for place, call in enumerate(calls):
        if call.name not in found:
            continue
        said = ask(found[call.name], call)
        if isinstance(said, Later):
            answering.later[place] = said
        else:
            answering.said[place] = said
    return answering


def ask(tool: Tool, call: ToolCall) -> Any:
    """What the tool says, as the assistant hears it, or a Later. Never raises for the tool's sake."""
    try:
        return tool(call)
    except ToolFailed as failed:
        return {"error": str(failed)}
    except Exception:
        # Somebody is on the line, and the other tools have answers.
        log.exception("tool %s of organization %s failed", call.name[:64], call.organization_id)
        return {"error": out_of_reach()}


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def _waited(later: Later, name: str, within_ms: int) -> Any:
    if within_ms <= 0:
        return {"error": out_of_reach()}
    try:
        return later.wait(within_ms)
    except ToolFailed as failed:
        return {"error": str(failed)}
    except Exception:
        log.exception("tool %s failed while it was waited for", name[:64])
        return {"error": out_of_reach()}


def _found(organization_id: UUID, calls: Sequence[ToolCall]) -> dict[str, Tool]:
    """The tools of ours among what is called, by name."""
    names = frozenset(call.name for call in calls)
    found: dict[str, Tool] = {}
    for finder in reversed(FINDERS):
        found.update(finder(organization_id, names))
    return found


def _read(event: WebhookEvent, agency_id: int, organization_id: UUID) -> list[ToolCall]:
    """The calls in a message, those that can be told apart by an id."""
    listed = next((event.message[name] for name in _LISTS if isinstance(event.message.get(name), tuple)), ())
    calls = []
    for entry in listed[:MOST_AT_ONCE] if isinstance(listed, tuple) else ():
        call_id, function = _parts(entry)
        if call_id is None or function is None:
            continue
        name = function.get("name")
        if isinstance(name, str):
            arguments = _arguments(function.get("arguments"))
            calls.append(ToolCall(agency_id, organization_id, event.call_id, call_id, name, arguments))
    return calls


def _parts(entry: Json) -> tuple[str | None, FrozenMap | None]:
    """A call's id and its function, where it has them."""
    if not isinstance(entry, FrozenMap):
        return None, None
    call_id, function = entry.get("id"), entry.get("function")
    return (call_id if isinstance(call_id, str) else None), (function if isinstance(function, FrozenMap) else None)


def _arguments(told: Json) -> dict[str, Any]:
    """The arguments of a call. Models write them as text now and then."""
    if isinstance(told, str):
        try:
            told = decode(told.encode())
        except ValueError:
            return {}
    plain = _plain(told)
    return plain if isinstance(plain, dict) else {}


def _plain(value: Json) -> Any:
    """Frozen JSON as dictionaries and lists."""
    if isinstance(value, FrozenMap):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _without(body: bytes, ids: set[str]) -> bytes:
    """The body of a message without these calls."""
    whole = _plain(decode(body))
    message = whole["message"]
    for name in _LISTS:
        if isinstance(message.get(name), list):
            message[name] = [each for each in message[name] if not (isinstance(each, dict) and each.get("id") in ids)]
    return encode(whole)


def _by_id(others: Mapping[str, Any] | None) -> dict[str | None, Any]:
    """What an endpoint said in any of HMS's forms: by call, and under None for every call that it does not name."""
    if others is None:
        return {None: {"error": out_of_reach()}}
    if isinstance(others.get("results"), list):
        rows = [row for row in others["results"] if isinstance(row, dict)]
        named = {row["tool_call_id"]: row.get("result") for row in rows if isinstance(row.get("tool_call_id"), str)}
        return {None: {"error": out_of_reach()}, **named}
    error = others.get("error")
    if isinstance(error, str) and error:
        return {None: {"error": error}}
    return {None: others["result"] if "result" in others else dict(others)}
