"""What HMS reports: verified, kept once, and turned into a reason to look at HMS's list of calls. Never booked.

A report for an address that nobody has and one with a bad signature are refused in the same way, after the same work.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from follow_ups import agenda
from hms_client import InvalidSignature, UnreadableWebhook, WebhookEvent, signatures, webhooks
from inbox import hms_endpoints
from inbox.models import HmsEndpoint, HmsEvent
from tenancy.wire import connection

KIND = "sync_calls"
# A question is no news of an end: the call goes on, and what becomes of it is reported. One look serves many of them.
_NOT_AT_ONCE = {webhooks.ASSISTANT_REQUEST: timedelta(seconds=3), webhooks.TOOL_CALLS: timedelta(seconds=15)}
_INSERT = """
INSERT INTO public.inbox_hmsevent (endpoint_id, type, call_id, call_status, body_hash, received_at, deliveries)
VALUES (%s::bigint, %s::text, %s::text, %s::text, %s::text, %s::timestamptz, 1)
ON CONFLICT (endpoint_id, body_hash) DO NOTHING
RETURNING %s::timestamptz AS due_at, %s::bigint AS agency_id, %s::text AS organization_id
"""
_ASKED = f"SELECT agency_id, '{KIND}', organization_id, due_at FROM made"  # noqa: S608 - a constant of ours
_TOUCH = "UPDATE public.inbox_hmsendpoint SET last_event_at = %s::timestamptz WHERE id = %s::bigint RETURNING 1"
_NOBODYS_SECRET = "compared against, for an address that nobody has"  # noqa: S105 - signs nothing of ours


class Refused(ValueError):
    """The report is not from HMS, not from now, or for nobody. Deliberately says no more."""


@dataclass(frozen=True, slots=True)
class Received:
    """A report that is kept. `event` is None when HMS signed something that cannot be read."""

    endpoint: HmsEndpoint
    event: WebhookEvent | None
    is_new: bool

    @property
    def agency_id(self) -> int:
        """Whose client's organization it concerns."""
        return int(self.endpoint.agency_id)

    @property
    def organization_id(self) -> UUID:
        """The organization whose address it came to."""
        return UUID(str(self.endpoint.organization_id))


def receive(*, token: str, body: bytes, timestamp: str | None, signature: str | None, now: datetime) -> Received:
    """Keep a signed report and put a look at the organization's calls on the agenda.

    The headers come as they were sent, None when missing. Raises Refused.
    """
    endpoint = hms_endpoints.by_token(token)
    secret = _NOBODYS_SECRET if endpoint is None else hms_endpoints.secret_of(endpoint)
    try:
        signatures.verify(body=body, timestamp=timestamp, signature=signature, secret=secret, now=int(now.timestamp()))
    except InvalidSignature as error:
        raise Refused from error
    if endpoint is None:
        raise Refused
    event = _read(body)
    return Received(endpoint, event, _keep(endpoint, event, body, now))


def _read(body: bytes) -> WebhookEvent | None:
    try:
        return webhooks.parse(body)
    except UnreadableWebhook:
        return None


def _keep(endpoint: HmsEndpoint, event: WebhookEvent | None, body: bytes, now: datetime) -> bool:
    """Store the report once. A repeated one is counted, and asks for nothing: the first has asked already."""
    body_hash = hashlib.sha256(body).hexdigest()
    said = (
        event.type[:60] if event else "unreadable",
        ((event.call_id if event else None) or "")[:255],
        ((event.call_status if event else None) or "")[:60],
    )
    due_at = now + _NOT_AT_ONCE.get(event.type if event else "", timedelta(0))
    asking = (due_at, endpoint.agency_id, str(endpoint.organization_id))
    with transaction.atomic():
        # In this order everywhere: the agenda's row before the endpoint's.
        made = agenda.schedule_within(
            _INSERT, [endpoint.pk, *said, body_hash, now, *asking], asked=_ASKED, is_due=due_at <= now
        )
        if made is None:
            HmsEvent.objects.filter(endpoint=endpoint, body_hash=body_hash).update(deliveries=F("deliveries") + 1)
            return False
        connection.ask_prepared(_TOUCH, [now, endpoint.pk])
    return True
