"""Calls. Durations are whole seconds; what was said, and by whom, is never printed.

An id is opaque, and may hold the caller's number: treat it as personal.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hms_client.reading import identity, mapping, moment, seconds, text
from hms_client.shapes.shape import Shape, exact, optional, required, rest, rows, shape
from hms_client.values import FrozenMap

LIVE_STATUSES: Final = frozenset(
    {"queued", "scheduled", "initiated", "dialing", "connecting", "ringing", "in-progress"}
)


@shape
class Message(Shape):
    """One turn of a conversation."""

    role: str | None = optional(text)
    content: str | None = optional(text, shown=False)
    extra: FrozenMap = rest(shown=False)


@shape
class Call(Shape):
    """One call of the key's organization. It names neither that organization nor a price.

    `started_at` is when it was answered. Numbers are None for web calls and once HMS's retention
    has passed; so are the messages, summary, analysis and recording.
    """

    id: str = required(identity)
    status: str = required(identity)
    direction: str | None = optional(text)
    duration_seconds: int | None = exact(seconds, "duration_sec")
    created_at: datetime = required(moment)
    started_at: datetime | None = exact(moment)
    ended_at: datetime | None = exact(moment)
    updated_at: datetime | None = optional(moment)
    end_reason: str | None = optional(text)
    error: str | None = optional(text)
    assistant_id: str | None = optional(identity, "agent_id")
    assistant_name: str | None = optional(text, "agent_name")
    business_name: str | None = optional(text)
    number_id: str | None = optional(identity)
    room_name: str | None = optional(text, shown=False)
    caller_phone: str | None = optional(text, shown=False)
    assistant_phone: str | None = optional(text, "agent_phone", shown=False)
    phone_number: str | None = optional(text, shown=False)
    summary: str | None = optional(text, shown=False)
    messages: tuple[Message, ...] | None = optional(rows(Message), shown=False)
    analysis_result: FrozenMap | None = optional(mapping, shown=False)
    recording_url: str | None = optional(text, shown=False)
    extra: FrozenMap = rest(shown=False)

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more will happen to this call: every status but the known live ones, unknown ones too."""
        return self.status.lower().replace("_", "-") not in LIVE_STATUSES


@dataclass(frozen=True, slots=True)
class CallPage:
    """Some calls out of `total`."""

    calls: tuple[Call, ...]
    total: int
    limit: int
    offset: int


@shape
class StartedCall(Shape):
    """An outbound call HMS has taken on."""

    call_id: str = required(identity)
    status: str | None = optional(text)
    extra: FrozenMap = rest(shown=False)


@shape
class Accepted(Shape):
    """HMS passed a command on to the call; `message` is HMS's remark, for people."""

    message: str | None = optional(text)
    extra: FrozenMap = rest()


@shape
class WebCall(Shape):
    """What a browser needs to join a call. The token lets anyone join: give it to that browser alone."""

    server_url: str = required(identity)
    token: str = required(identity, shown=False)
    extra: FrozenMap = rest(shown=False)
