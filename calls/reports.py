"""HMS's reports as they arrive: verified, kept, handed on to the client's endpoint, answered in time.

Two of them are questions. The client's endpoint is asked, if one is set that wants them, without a transaction or a
connection held meanwhile; when it is late, broken or over its bounds, HMS gets our own answer at once.
"""

import logging
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from calls import inbound, permission
from hms_client import FrozenMap, WebhookEvent, webhooks
from inbox import hms_events, hms_targets
from inbox.hms_targets import Target
from organizations import deliveries, relay, tool_calls
from organizations.relay import Purpose
from tenancy import door, network

log = logging.getLogger(__name__)
# What HMS honours at most of an assistant's own maximum; a larger number is a mistake.
_LONGEST_SECONDS = 24 * 60 * 60


def take(*, token: str, body: bytes, timestamp: str | None, signature: str | None, now: datetime) -> dict[str, Any]:
    """Take what came to the address with this token, and give the JSON that answers it.

    The headers come as they were sent, None when missing. Raises inbox.hms_events.Refused. To be called outside every
    agency's schema and every transaction.
    """
    with transaction.atomic():
        got = hms_events.receive(token=token, body=body, timestamp=timestamp, signature=signature, now=now)
        target = None if got.event is None else hms_targets.wanting(got.endpoint, got.event.type)
        if got.event is None:
            return {}
        if target is not None and got.is_new and got.event.type not in hms_targets.ANSWERED:
            _hand_on(got, got.event, body, now)
    if got.event.type == webhooks.ASSISTANT_REQUEST:
        return _permission(got, got.event, target, body, now)
    if got.event.type == webhooks.TOOL_CALLS:
        return _tool(got, got.event, target, body, now)
    return {}


def _hand_on(got: hms_events.Received, event: WebhookEvent, body: bytes, now: datetime) -> None:
    try:
        with door.enter(got.endpoint.agency):
            deliveries.begin(organization_id=got.organization_id, event=event, body=body, is_asked=False, now=now)
    except door.AgencyNotReady:
        log.info("agency %s is not ready: nothing is handed on", got.agency_id)


def _permission(
    got: hms_events.Received, event: WebhookEvent, target: Target | None, body: bytes, now: datetime
) -> dict[str, Any]:
    """Whether the call is answered, by which assistant, and for how long at most."""
    if not event.call_id:
        return {}
    try:
        with door.enter(got.endpoint.agency):
            answer = inbound.answer(
                organization_id=got.organization_id,
                hms_call_id=event.call_id[:255],
                assistant_maximum=_maximum(event),
                now=now,
            )
    except door.AgencyNotReady:
        return {"error": _("This number is not in service.")}
    if answer.max_duration_seconds is None:
        return {"error": answer.refusal}
    said = _asked(got, event, target, body, Purpose.CALL, now)
    return permission.within(said or {}, answer.max_duration_seconds)


def _tool(
    got: hms_events.Received, event: WebhookEvent, target: Target | None, body: bytes, now: datetime
) -> dict[str, Any]:
    """What our tools say and those of the client's endpoint; a sentence for the assistant where nobody answers."""
    try:
        with door.enter(got.endpoint.agency):
            answering = tool_calls.begin(event, agency_id=got.agency_id, organization_id=got.organization_id)
        answering.set_off()
        others = None
        if answering.has_left:
            others = _asked(got, event, target, answering.body_left(body), Purpose.TOOL, now)
    except door.AgencyNotReady:
        return {"error": tool_calls.out_of_reach()}
    network.let_go()
    return answering.answer(others)


def _asked(
    got: hms_events.Received, event: WebhookEvent, target: Target | None, body: bytes, purpose: Purpose, now: datetime
) -> dict[str, Any] | None:
    """What the client's endpoint answers, or None: there is none, it said nothing of use, or not in time."""
    if target is None:
        return None
    with door.enter(got.endpoint.agency), transaction.atomic():
        delivery_id = deliveries.begin(
            organization_id=got.organization_id, event=event, body=body, is_asked=True, now=now
        )
    outcome = relay.send(
        target,
        agency_id=got.agency_id,
        organization_id=got.organization_id,
        event=event.type,
        body=body,
        purpose=purpose,
    )
    _note(got, delivery_id, outcome)
    return outcome.said


def _note(got: hms_events.Received, delivery_id: UUID, outcome: relay.Outcome) -> None:
    """Write down what came of it. HMS waits: an answer is not lost because it could not be noted."""
    try:
        with door.enter(got.endpoint.agency):
            deliveries.settle(delivery_id, outcome, now=timezone.now())
    except (DatabaseError, door.AgencyNotReady) as error:
        log.error("delivery %s of agency %s not noted: %s", delivery_id, got.agency_id, type(error).__name__)


def _maximum(event: WebhookEvent) -> int | None:
    """The assistant's own maximum, where HMS tells it with its question."""
    assistant = event.message.get("assistant")
    told = assistant.get("max_duration_seconds") if isinstance(assistant, FrozenMap) else None
    if not isinstance(told, int) or isinstance(told, bool):
        return None
    return told if 0 < told <= _LONGEST_SECONDS else None
