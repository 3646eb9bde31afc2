"""What HMS reports: verified, kept once, and turned into a reason to look at HMS's list of calls. Never booked.

A report for an address that nobody has and one with a bad signature are refused in the same way, after the same work.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from follow_ups import agenda
from hms_client import InvalidSignature, UnreadableWebhook, WebhookEvent, signatures, webhooks
from inbox import hms_endpoints
from inbox.models import HmsEndpoint, HmsEvent

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
    with transaction.atomic():
        row, is_new = HmsEvent.objects.get_or_create(
            endpoint=endpoint,
            body_hash=hashlib.sha256(body).hexdigest(),
            defaults={
                "type": event.type[:60] if event else "unreadable",
                "call_id": ((event.call_id if event else None) or "")[:255],
                "call_status": ((event.call_status if event else None) or "")[:60],
                "received_at": now,
            },
        )
        if not is_new:
            HmsEvent.objects.filter(pk=row.pk).update(deliveries=F("deliveries") + 1)
            return False
        HmsEndpoint.objects.filter(pk=endpoint.pk).update(last_event_at=now)
        agenda.schedule(kind="sync_calls", subject=str(endpoint.organization_id), agency_id=endpoint.agency_id)
    return True
