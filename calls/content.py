"""What was said in a call: read from HMS at the moment somebody looks, and kept nowhere here.

So nothing outlives the time for which HMS keeps it. Of an assistant in privacy mode (`gdpr_mode`) nothing is shown, and
neither is what may be such an assistant's: an assistant that HMS does not list any more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from calls.models import Call
from hms_client import Call as HmsCall
from hms_client import Forbidden, HMSError, NotFound
from organizations import assistants, hms

_MOST_FACTS = 60
_PEOPLE = ("assistant", "user")


class CannotAsk(RuntimeError):
    """HMS could not be asked what was said."""


class NoRecording(LookupError):
    """There is no recording, or none that may be heard."""


class State(StrEnum):
    """What there is to show."""

    SHOWN = "shown"
    PRIVATE = "private"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that one of the two said."""

    by_assistant: bool
    text: str


@dataclass(frozen=True, slots=True)
class Content:
    """What HMS keeps of a call. `number` is whole, for whoever looks at this one call; `facts` is the analysis."""

    state: State
    turns: tuple[Turn, ...] = ()
    summary: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    number: str = ""
    has_recording: bool = False


def read(call: Call) -> Content:
    """What may be shown of the call now. Talks to HMS. Raises CannotAsk."""
    told = _told(call)
    if told is None:
        return Content(State.NOTHING)
    if _is_private(call, told):
        return Content(State.PRIVATE)
    turns = tuple(
        Turn(each.role == "assistant", each.content)
        for each in told.messages or ()
        if each.role in _PEOPLE and each.content
    )
    facts = tuple(_facts(told.analysis_result or {}))[:_MOST_FACTS]
    has_recording, summary = bool(told.recording_url), told.summary or ""
    state = State.SHOWN if turns or facts or has_recording or summary else State.NOTHING
    return Content(state, turns, summary, facts, told.caller_phone or "", has_recording)


def recording_url(call: Call) -> str:
    """Where HMS has the recording right now: an address for us alone. Talks to HMS. Raises NoRecording, CannotAsk."""
    told = _told(call)
    if told is None or not told.recording_url or _is_private(call, told):
        raise NoRecording
    return told.recording_url


def _told(call: Call) -> HmsCall | None:
    """The call as HMS has it now; None when it has it no more."""
    try:
        with hms.for_organization(call.organization, retries=1) as client:
            return client.calls.get(call.hms_id)
    except (NotFound, Forbidden):
        return None
    except (HMSError, hms.NoKey) as error:
        raise CannotAsk from error


def _is_private(call: Call, told: HmsCall) -> bool:
    """Whether its assistant is in privacy mode, or may have been. A call of none, in HMS's words, has no such mode."""
    if told.assistant_id is None:
        return False
    try:
        known = {each.id: each for each in assistants.in_use(call.organization)}
    except (HMSError, hms.NoKey) as error:
        raise CannotAsk from error
    return told.assistant_id not in known or known[told.assistant_id].is_private


def _facts(found: Mapping[str, object], above: str = "") -> Iterator[tuple[str, str]]:
    """The analysis as names and texts: what lies deeper has the name of what it lies in before its own."""
    for name, value in found.items():
        words = name.replace("_", " ").strip()
        said = f"{above} · {words}" if above else words[:1].upper() + words[1:]
        if isinstance(value, Mapping):
            yield from _facts(value, said)
        elif isinstance(value, (list, tuple)):
            yield said, ", ".join(str(each) for each in value if each is not None)
        elif value is not None:
            yield said, str(value)
