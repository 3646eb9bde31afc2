"""What is handed on to a client's endpoint: a row before it leaves, what came of it after, tried again for three days.

The body is sealed and kept for as long as it may still have to be sent: until it is delivered, three days at most, and
never beyond the first answer when the assistant is in privacy mode.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Min, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from follow_ups import agenda
from hms_client import FrozenMap, WebhookEvent
from inbox import hms_targets
from notifications import notes
from notifications.models import Kind
from organizations import relay
from organizations.models import Delivery, Organization
from organizations.relay import Outcome, Purpose
from tenancy import door, schemas
from vault import envelope

State = Delivery.State
_LOST = (Delivery.NO_TARGET, Delivery.NO_BODY)
KIND = "deliver"
FORGET_KIND = "forget_deliveries"
TRIED_FOR = timedelta(days=3)
KEPT_FOR = timedelta(days=30)
# Before a custom tool's name, as the event of a request to it.
_TOOL = "tool:"
# After each failed attempt; then the last one, for as long as it is tried.
_PAUSES = [timedelta(seconds=seconds) for seconds in (10, 30, 120, 600, 1_800, 3_600, 10_800)]
# Too many waited: nothing was sent, so nothing is counted.
_WHEN_BUSY = timedelta(seconds=15)
# One call's reports stand close together.
_ONE_CALL = timedelta(hours=6)


class BodyGone(LookupError):
    """The body is not kept any more, so it can be neither shown nor sent. The message is for whoever asked."""

    def __init__(self) -> None:
        super().__init__(_("The content is not kept any more: it goes when it is delivered, and after three days."))


class BodyPrivate(LookupError):
    """The assistant is in privacy mode, so nobody reads what was said. The message is for whoever asked."""

    def __init__(self) -> None:
        super().__init__(_("The assistant is in privacy mode, so the content is not shown."))


def begin(*, organization_id: UUID, event: WebhookEvent, body: bytes, is_asked: bool, now: datetime) -> UUID:
    """Write down that this body is to be sent to the organization's endpoint; the delivery's id.

    `is_asked`: HMS waits for the answer, so the caller sends it at once and it is not tried again. Otherwise a
    follow-up sends it. In the caller's transaction, in the agency's schema.
    """
    delivery = Delivery(
        organization_id=organization_id,
        event=event.type[:60],
        call_id=(event.call_id or "")[:255],
        is_private=_is_private(organization_id, event, now),
        is_asked=is_asked,
        body_bytes=len(body),
        created_at=now,
    )
    # One character for each byte, so that what is opened again is the same bytes.
    text = body.decode("latin-1")
    delivery.body_sealed = envelope.seal(text, agency_id=schemas.current_agency_id(), field=_field(delivery.pk))
    delivery.save(force_insert=True)
    if not is_asked:
        agenda.schedule(kind=KIND, subject=str(delivery.pk))
    agenda.schedule(kind=FORGET_KIND, due_at=now + TRIED_FOR)
    return delivery.pk


def begin_tool(*, organization_id: UUID, name: str, call_id: str, body_bytes: int) -> UUID:
    """Write down that a custom tool of the organization is about to be asked; the delivery's id. Of what it is asked,
    the length alone is kept. `call_id` is "" while somebody tries it."""
    now = timezone.now()
    row = Delivery(organization_id=organization_id, event=_TOOL + name, call_id=call_id[:255], body_bytes=body_bytes)
    row.is_asked, row.is_private, row.created_at = True, False, now
    with transaction.atomic():
        row.save(force_insert=True)
        agenda.schedule(kind=FORGET_KIND, due_at=now + TRIED_FOR)
    return row.pk


def attempt(delivery_id: UUID) -> datetime | None:
    """Send what waits, and write down what came of it; when to try again, or None.

    In the agency's schema, which is left while the endpoint is waited for. Raises tenancy.network.InsideTransaction.
    """
    row = Delivery.objects.filter(pk=delivery_id, state=State.WAITING).first()
    if row is None:
        return None
    target = hms_targets.of_organization(row.organization_id)
    if target is None:
        return settle(row.pk, Outcome(why=Delivery.NO_TARGET), now=timezone.now())
    try:
        body = body_of(row)
    except BodyGone:
        return settle(row.pk, Outcome(why=Delivery.NO_BODY), now=timezone.now())
    agency_id = schemas.current_agency_id()
    with door.leave():
        outcome = relay.send(
            target,
            agency_id=agency_id,
            organization_id=row.organization_id,
            event=row.event,
            body=body,
            purpose=Purpose.TELL,
        )
    return settle(row.pk, outcome, now=timezone.now())


def settle(delivery_id: UUID, outcome: Outcome, *, now: datetime) -> datetime | None:
    """Write down what came of an attempt; when to try again, or None when it is over. In the agency's schema."""
    with transaction.atomic():
        row = Delivery.objects.select_for_update(no_key=True).filter(pk=delivery_id, state=State.WAITING).first()
        if row is None:
            return None
        again_at = _next(row, outcome, now)
        row.status, row.why, row.latency_ms, row.attempted_at = outcome.status, outcome.why, outcome.took_ms, now
        row.attempts += int(outcome.was_sent)
        if outcome.is_delivered:
            row.state = State.DELIVERED
        elif again_at is None:
            row.state = State.FAILED
            if outcome.why not in _LOST and not row.is_asked:
                _tell(row)
        is_answered = outcome.status is not None
        if outcome.is_delivered or (row.is_private and is_answered) or now >= row.created_at + TRIED_FOR:
            row.body_sealed = None
        row.save(update_fields=["status", "why", "latency_ms", "attempted_at", "attempts", "state", "body_sealed"])
    return again_at


def _tell(row: Delivery) -> None:
    """The client's webhook did not take a message, and it is given up."""
    client_id = Organization.objects.values_list("client_id", flat=True).get(pk=row.organization_id)
    notes.note(Kind.DELIVERY, subject=str(row.organization_id), clients=[client_id], facts={"status": row.status})


def send_again(delivery_id: UUID) -> None:
    """Send it once more, now. Harmless while it is being sent. Raises BodyGone, and Delivery.DoesNotExist."""
    with transaction.atomic():
        row = Delivery.objects.select_for_update(no_key=True).get(pk=delivery_id)
        if row.body_sealed is None:
            raise BodyGone
        Delivery.objects.filter(pk=row.pk).update(state=State.WAITING)
        agenda.schedule(kind=KIND, subject=str(row.pk))


def body_of(row: Delivery) -> bytes:
    """The very bytes that HMS sent. Raises BodyGone."""
    if row.body_sealed is None:
        raise BodyGone
    text = envelope.unseal(row.body_sealed, agency_id=schemas.current_agency_id(), field=_field(row.pk))
    return text.encode("latin-1")


def shown(row: Delivery) -> bytes:
    """The body, for people to read. Raises BodyPrivate, and BodyGone."""
    if row.is_private:
        raise BodyPrivate
    return body_of(row)


def latest(organization_id: UUID, *, before: datetime | None = None, limit: int = 30) -> list[Delivery]:
    """Deliveries to the organization's endpoint, the latest first, those from before a time.

    Without their bodies; `has_body` says whether there is one.
    """
    rows = Delivery.objects.filter(organization_id=organization_id).exclude(event__startswith=_TOOL)
    rows = rows.defer("body_sealed")
    if before is not None:
        rows = rows.filter(created_at__lt=before)
    return list(rows.annotate(has_body=Q(body_sealed__isnull=False)).order_by("-created_at")[:limit])


def latest_of_tool(organization_id: UUID, name: str, *, limit: int) -> list[Delivery]:
    """The latest requests to a custom tool, the latest first."""
    return list(
        Delivery.objects.filter(organization_id=organization_id, event=_TOOL + name).order_by("-created_at")[:limit]
    )


def waiting() -> QuerySet[Delivery]:
    """What is still to be sent by a follow-up."""
    return Delivery.objects.filter(state=State.WAITING, is_asked=False)


def is_any() -> bool:
    """Something was handed on lately."""
    return Delivery.objects.exists()


def forget(now: datetime) -> datetime | None:
    """Let bodies go that were kept for three days, and rows after thirty; when to look again, or None."""
    old = Delivery.objects.filter(created_at__lte=now - TRIED_FOR)
    old.filter(state=State.WAITING).update(state=State.FAILED)
    old.filter(body_sealed__isnull=False).update(body_sealed=None)
    Delivery.objects.filter(created_at__lte=now - KEPT_FOR).delete()
    with_body = Delivery.objects.filter(body_sealed__isnull=False).aggregate(at=Min("created_at"))["at"]
    oldest = Delivery.objects.aggregate(at=Min("created_at"))["at"]
    due = [at + kept for at, kept in ((with_body, TRIED_FOR), (oldest, KEPT_FOR)) if at is not None]
    return min(due, default=None)


def _next(row: Delivery, outcome: Outcome, now: datetime) -> datetime | None:
    """When it is to be tried again, if it is."""
    lost_for_good = outcome.why in _LOST
    private_and_answered = row.is_private and outcome.status is not None
    if outcome.is_delivered or row.is_asked or lost_for_good or private_and_answered:
        return None
    pause = _PAUSES[min(row.attempts, len(_PAUSES) - 1)] if outcome.was_sent else _WHEN_BUSY
    return now + pause if now + pause < row.created_at + TRIED_FOR else None


def _is_private(organization_id: UUID, event: WebhookEvent, now: datetime) -> bool:
    """The assistant is in privacy mode. Where the message does not say, the call's earlier ones may have."""
    assistant = event.message.get("assistant")
    told: Mapping[str, object] = assistant if isinstance(assistant, FrozenMap) else {}
    if isinstance(told.get("gdpr_mode"), bool):
        return told["gdpr_mode"] is True
    if not event.call_id:
        return False
    earlier = Delivery.objects.filter(organization_id=organization_id, created_at__gte=now - _ONE_CALL)
    return earlier.filter(call_id=event.call_id[:255], is_private=True).exists()


def _field(delivery_id: UUID) -> str:
    return f"delivery.{delivery_id}.body"
