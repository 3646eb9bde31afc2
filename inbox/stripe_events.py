"""The inbox for Stripe: what was signed is stored together with the wish to apply it, and answered at once.

An event is stored once per agency. Whatever becomes of it is a state of its row; a failure is noted in a transaction of
its own, since the one that failed takes everything else back. Nothing in here knows wallets, so no lock can delay it.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet
from django.utils import timezone

from follow_ups import agenda
from inbox import stripe_signature
from inbox.models import EventState, StripeEvent
from tenancy import rows

KIND = "stripe_event"
_OPEN = (EventState.RECEIVED, EventState.FAILED)
_INSERT = """
INSERT INTO public.inbox_stripeevent
  (agency_id, event_id, type, livemode, api_version, event_at, payload, received_at, state, is_pulled, note, attempts)
VALUES (%s::bigint, %s::text, %s::text, %s::bool, %s::text, %s::timestamptz, %s::bytea, %s::timestamptz, %s::text,
        %s::bool, '', 0)
ON CONFLICT (agency_id, event_id) DO NOTHING RETURNING id, agency_id, received_at
"""
_ASKED = f"SELECT agency_id, '{KIND}', id::text, received_at FROM made"  # noqa: S608 - a constant of ours


@dataclass(frozen=True, slots=True)
class Received:
    """A stored event. `is_new` is False when it had come before.

    `by_current` is False when only the previous secret fitted: Stripe signs with one that is about to be forgotten.
    """

    id: int
    event_id: str
    is_new: bool
    by_current: bool = True


def receive(*, agency_id: int | None, payload: bytes, header: str, secrets: list[str], now: datetime) -> Received:
    """Verify what came for this agency and store it, with a follow-up that applies it, in one transaction.

    Raises stripe_signature.InvalidSignature, after the same work for an agency that does not exist (None).
    """
    signed = stripe_signature.verify(payload, header, secrets, now)
    if agency_id is None:
        raise stripe_signature.InvalidSignature("nobody receives this")
    stored = _keep(agency_id, signed, payload, now)
    if stored is not None:
        return Received(stored, signed.id, True, signed.by_current)
    before = StripeEvent.objects.only("id", "state").get(agency_id=agency_id, event_id=signed.id)
    if before.state == EventState.FAILED:
        # Sent again, perhaps by hand: not worth waiting for the next try.
        agenda.schedule(kind=KIND, subject=str(before.pk), agency_id=agency_id)
    return Received(before.pk, signed.id, False, signed.by_current)


@dataclass(frozen=True, slots=True)
class Pulled:
    """What an event says about itself that was read from Stripe's own list."""

    id: str
    type: str
    livemode: bool
    api_version: str
    event_at: datetime


def pull(*, agency_id: int, event: Pulled, payload: bytes, now: datetime) -> Received:
    """Store an event that Stripe's own list shows and no webhook had brought, with a follow-up that applies it.

    One that is known already stays as it is, whatever became of it.
    """
    stored = _keep(agency_id, event, payload, now, is_pulled=True)
    if stored is not None:
        return Received(stored, event.id, True)
    return Received(StripeEvent.objects.only("id").get(agency_id=agency_id, event_id=event.id).pk, event.id, False)


def body(event: StripeEvent) -> dict[str, Any]:
    """What Stripe said, as it was signed."""
    said: dict[str, Any] = json.loads(bytes(event.payload))
    return said


def begin(*, event_pk: int, again: bool = False) -> StripeEvent | None:
    """The event, locked until the transaction ends; None when it is settled and not wanted `again`.

    Raises StripeEvent.DoesNotExist.
    """
    event = rows.lock(StripeEvent, event_pk)
    if event is None:
        raise StripeEvent.DoesNotExist(event_pk)
    return event if again or event.state in _OPEN else None


def applied(event: StripeEvent, *, note: str = "") -> None:
    """It has done what it says. In the transaction that did it."""
    _close(event, EventState.APPLIED, note)


def ignored(event: StripeEvent, *, note: str) -> None:
    """It was understood and there was nothing to do, for the reason given."""
    _close(event, EventState.IGNORED, note)


def failed(*, event_pk: int, note: str) -> None:
    """It could not be applied and will be tried again. To be called after the failed transaction has ended."""
    StripeEvent.objects.filter(pk=event_pk).exclude(state=EventState.APPLIED).update(
        state=EventState.FAILED, note=note[:500], attempts=F("attempts") + 1
    )


def again(*, agency_id: int, event_id: str) -> None:
    """Have an event that is not settled tried once more now."""
    for event_pk in unsettled(agency_id).filter(event_id=event_id).values_list("pk", flat=True):
        agenda.schedule(kind=KIND, subject=str(event_pk), agency_id=agency_id)


def unsettled(agency_id: int) -> QuerySet[StripeEvent]:
    """Events of the agency that are still to be applied, oldest first."""
    return StripeEvent.objects.filter(agency_id=agency_id, state__in=_OPEN).order_by("received_at")


def _keep(
    agency_id: int,
    event: stripe_signature.SignedEvent | Pulled,
    payload: bytes,
    now: datetime,
    *,
    is_pulled: bool = False,
) -> int | None:
    """Store the event and ask for its being applied, in one statement: neither is ever there without the other."""
    said = (event.id, event.type, event.livemode, event.api_version, event.event_at)
    values = (agency_id, *said, payload, now, EventState.RECEIVED.value, is_pulled)
    made = agenda.schedule_within(_INSERT, values, asked=_ASKED)
    return None if made is None else int(made[0])


def _close(event: StripeEvent, state: EventState, note: str) -> None:
    event.state, event.note, event.settled_at = state, note[:500], timezone.now()
    event.attempts += 1
    rows.write(event, ("state", "note", "settled_at", "attempts"))
