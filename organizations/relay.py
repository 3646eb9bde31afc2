"""One message to a client's own endpoint: signed with its secret, under HMS's header names, with HMS's very body.

Nothing is decided here, and no connection to the database is held while it is waited for. How many wait at once, and
which endpoints are left alone for now, is known to this process only.
"""

import json
import time
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
    network.let_go()
    try:
        with LANES.enter(agency_id, (organization_id, target.url)) as lane:
            outcome = _sent(target, event, body, _WITHIN_MS[purpose])
            lane.has_answered = outcome.status is not None and outcome.status < 500
    except NoLane:
        return Outcome(why=BUSY)
    return outcome


def _sent(target: Target, event: str, body: bytes, within_ms: int) -> Outcome:
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Webhooks/1.0",
        "X-Webhook-Event": event,
        "X-Webhook-Timestamp": timestamp,
        "X-Webhook-Signature": signatures.sign(body, timestamp, target.secret),
    }
    try:
        answer = guarded.from_settings().post(target.url, body=body, headers=headers, within_ms=within_ms)
    except guarded.NoAnswer as error:
        return Outcome(why=error.why.value, took_ms=error.took_ms)
    except guarded.WrongAddress:
        # It was fine when it was typed; what the operator allows has changed since.
        return Outcome(why=guarded.Why.ADDRESS.value)
    said = _object(answer.body) if answer.is_yes else None
    return Outcome(status=answer.status, took_ms=answer.took_ms, said=said)


def _object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in an answer, if it is one that HMS would read too."""
    try:
        said = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
