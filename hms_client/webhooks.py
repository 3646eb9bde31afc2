"""Reads a webhook's body into the few facts every event has; whatever else it says stays in `message`.

A body proves nothing: call hms_client.signatures.verify first.
"""

from dataclasses import dataclass, field
from datetime import datetime

from hms_client.errors import UnexpectedAnswer, UnreadableWebhook
from hms_client.reading import Reader, identity, mapping, moment, text
from hms_client.values import FrozenMap, Json, decode

ASSISTANT_REQUEST = "assistant-request"
TOOL_CALLS = "tool-calls"
STATUS_UPDATE = "status-update"
END_OF_CALL_REPORT = "end-of-call-report"


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """One event. Types and statuses are plain texts: HMS adds new ones. No event names its organization."""

    type: str
    sent_at: datetime | None
    call_id: str | None
    call_type: str | None
    call_status: str | None
    phone_number: str | None = field(repr=False)
    customer_number: str | None = field(repr=False)
    message: FrozenMap = field(repr=False)


def parse(body: bytes) -> WebhookEvent:
    """Return the event. Raises UnreadableWebhook unless it is `{"message": {"type": ...}}`."""
    try:
        message = Reader(decode(body), "webhook").required(mapping, "message")
        read = Reader(message, "message")
        return _event(message, read)
    except UnexpectedAnswer as error:
        raise UnreadableWebhook(str(error)) from None
    except ValueError:
        raise UnreadableWebhook("the body is not JSON") from None


def _event(message: FrozenMap, read: Reader) -> WebhookEvent:
    call = _part(message, "call")
    return WebhookEvent(
        type=read.required(identity, "type"),
        sent_at=read.optional(moment, "timestamp"),
        call_id=call.optional(identity, "id"),
        call_type=call.optional(text, "type"),
        call_status=call.optional(text, "status"),
        phone_number=_part(message, "phone_number", "phoneNumber").optional(text, "number"),
        customer_number=_part(message, "customer").optional(text, "number"),
        message=message,
    )


def _part(message: FrozenMap, *names: str) -> Reader:
    found: Json = next((message[name] for name in names if isinstance(message.get(name), FrozenMap)), FrozenMap())
    return Reader(found, names[0])
