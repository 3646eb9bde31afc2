"""One message to a client's own endpoint: signed with its secret, under HMS's header names, with HMS's very body.

Nothing is decided here, and no connection to the database is held while it is waited for. How many wait at once, and
which endpoints are left alone for now, is known to this process only.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from hms_client import signatures
from inbox.hms_targets import Target
from outside import guarded
from outside.lanes import Lanes, NoLane
from tenancy import network

# HMS waits 5 seconds before a call and 10 for a tool; the rest of that is ours.
CALL_MS = 3_500
TOOL_MS = 8_000
# Where nobody waits.
TELL_MS = 10_000
BUSY = "busy"
LANES = Lanes()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: a status, or `why` there is none (guarded.Why, or BUSY when nothing was sent).

    `said` is the JSON object that the endpoint answered with, if it did.
    """

    status: int | None = None
    why: str = ""
    took_ms: int = 0
    said: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def is_delivered(self) -> bool:
        """The endpoint has it: any 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def was_sent(self) -> bool:
        """Somebody was asked at all."""
        return self.why != BUSY


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back from an address: a status and the whole body, or `why` there is none, as in Outcome."""

    status: int | None = None
    why: str = ""
    took_ms: int = 0
    body: bytes = field(default=b"", repr=False)

    @property
    def is_yes(self) -> bool:
        """Any 2xx."""
        return self.status is not None and 200 <= self.status < 300


class Purpose(StrEnum):
    """What the message is for, which decides how long its answer is waited for."""

    CALL = "call"
    TOOL = "tool"
    TELL = "tell"


_WITHIN_MS = {Purpose.CALL: CALL_MS, Purpose.TOOL: TOOL_MS, Purpose.TELL: TELL_MS}


def send(
    target: Target, *, agency_id: int, organization_id: UUID, event: str, body: bytes, purpose: Purpose
) -> Outcome:
    """Send the body and wait for the answer, within the time for this purpose. Never raises for the other side's sake.

    To be called outside every agency's schema. Raises tenancy.network.InsideTransaction.
    """
    reply = exchange(
        target.url,
        agency_id=agency_id,
        organization_id=organization_id,
        headers=signed(event, body, target.secret),
        body=body,
        within_ms=_WITHIN_MS[purpose],
    )
    return Outcome(reply.status, reply.why, reply.took_ms, _object(reply.body) if reply.is_yes else None)


def exchange(
    url: str, *, agency_id: int, organization_id: UUID, headers: Mapping[str, str], body: bytes, within_ms: int
) -> Reply:
    """Post the body to an address of the client's, through the lanes; as send() otherwise."""
    network.let_go()
    try:
        with LANES.enter(agency_id, (organization_id, url)) as lane:
            reply = _posted(url, headers, body, within_ms)
            lane.has_answered = reply.status is not None and reply.status < 500
    except NoLane:
        return Reply(why=BUSY)
    return reply


def signed(event: str, body: bytes, secret: str) -> dict[str, str]:
    """The headers of a message, as HMS writes them."""
    timestamp = str(int(time.time()))
    return {
        "Content-Type": "application/json",
        "User-Agent": "Webhooks/1.0",
        "X-Webhook-Event": event,
        "X-Webhook-Timestamp": timestamp,
        "X-Webhook-Signature": signatures.sign(body, timestamp, secret),
    }


def _posted(url: str, headers: Mapping[str, str], body: bytes, within_ms: int) -> Reply:
    try:
        answer = guarded.from_settings().post(url, body=body, headers=headers, within_ms=within_ms)
    except guarded.NoAnswer as error:
        return Reply(why=error.why.value, took_ms=error.took_ms)
    except guarded.WrongAddress:
        # It was fine when it was typed; what the operator allows has changed since.
        return Reply(why=guarded.Why.ADDRESS.value)
    return Reply(answer.status, "", answer.took_ms, answer.body)


def _object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in an answer, if it is one that HMS would read too."""
    try:
        said = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
