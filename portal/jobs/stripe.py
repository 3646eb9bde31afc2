"""Jobs for what Stripe told us: an event is applied in one transaction, an open purchase is looked up again."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies import low_balances, reconciliation, strays, sweep, webhook_proof
from agencies.models import Agency
from billing import payments, purchases, stripe_gateway, stripe_listed, stripe_shapes
from billing.models import Purchase
from billing.payments import PaymentState
from billing.stripe_shapes import CheckoutState
from calls import aftermath
from inbox import stripe_events
from inbox.models import StripeEvent
from tenancy import schemas
from vault import connections, key_shapes

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Connected:
    """The agency's connection to Stripe while one job runs: None and not live without a key."""

    secret_key: str | None
    is_live: bool


@dataclass(frozen=True, slots=True)
class Tested:
    """The event is about the session of a test: nothing was sold, and nothing is to be booked."""

    session_id: str


# Refunds and disputes, whatever Stripe calls their events: each leads to what is true of the payment now.
_RETURNS = ("refund.", "charge.refund", "charge.dispute.")
_BANK_SAID_NO = "checkout.session.async_payment_failed"


def apply_event(subject: str) -> datetime | None:
    """Apply the stored event with this id. Failing raises, after it was noted on the event."""
    apply(event_pk=int(subject))
    return None


def apply(*, event_pk: int, again: bool = False) -> StripeEvent:
    """Bring the event to its end: purchase settled and event APPLIED in one transaction.

    `again` does so for a settled event too; the ledger books nothing twice.
    """
    event = StripeEvent.objects.get(pk=event_pk, agency_id=schemas.current_agency_id())
    connected = _connected()
    try:
        state = _looked_up(event, connected)
        with transaction.atomic():
            locked = stripe_events.begin(event_pk=event_pk, again=again)
            if locked is None:
                return event
            _apply(locked, state, connected)
    except Exception as error:
        stripe_events.failed(event_pk=event_pk, note=key_shapes.hidden(f"{type(error).__name__}: {error}"))
        raise
    _note_arrival(event, state)
    return locked


def check_purchase(subject: str) -> datetime | None:
    """Ask Stripe about a purchase that no webhook has closed yet, and say when to ask again."""
    purchase = Purchase.objects.filter(pk=UUID(subject)).first()
    secret_key = _connected().secret_key
    if purchase is None:
        return None
    if secret_key is not None:
        try:
            purchase = purchases.refresh(purchase_id=purchase.pk, secret_key=secret_key)
            aftermath.of_movement(purchase.client_id)
            low_balances.look_soon()
        except stripe_shapes.StripeRefused as refused:
            log.warning("purchase %s cannot be looked up: %s", subject, refused)
    webhook_proof.notice(Agency.objects.get(pk=schemas.current_agency_id()))
    again_at = purchases.next_look_at(purchase, timezone.now())
    if again_at is None:
        purchases.give_up(purchase_id=purchase.pk)
        sweep.look_at_purchases()
    return again_at


def look_at_endpoint(_subject: str) -> datetime | None:
    """Ask Stripe once a day whether it still sends to us."""
    agency = Agency.objects.get(pk=schemas.current_agency_id())
    try:
        webhook_proof.look(agency)
    except connections.NotConnected:
        return None
    webhook_proof.notice(agency)
    return timezone.now() + webhook_proof.LOOKS_EVERY


def sweep_stripe(subject: str) -> datetime | None:
    """Find in Stripe's lists what no webhook has told, and look again in a day. The books are compared at night."""
    secret_key = _connected().secret_key
    if secret_key is None:
        return None
    swept = sweep.sweep(secret_key=secret_key)
    agency_id, now = schemas.current_agency_id(), timezone.now()
    log.info("sweep of agency %s: %s", agency_id, swept)
    reconciliation.schedule(due_at=reconciliation.next_night(agency_id, now))
    return now + sweep.EVERY


JOBS: dict[str, Callable[[str], datetime | None]] = {
    stripe_events.KIND: apply_event,
    purchases.CHECK_KIND: check_purchase,
    webhook_proof.KIND: look_at_endpoint,
    sweep.KIND: sweep_stripe,
}


def _looked_up(event: StripeEvent, connected: Connected) -> CheckoutState | PaymentState | Tested | str:
    """What the event is about, as it is at Stripe now, or why there is nothing to do."""
    is_return = event.type.startswith(_RETURNS)
    if not is_return and event.type not in stripe_gateway.SESSION_EVENTS:
        return _("Nothing to do for this kind of event.")
    if not event.livemode and connected.is_live:
        return _("A test payment, and this portal takes real money.")
    about: Any = stripe_events.body(event)["data"].get("object")
    if webhook_proof.is_test(about):
        return Tested(str(about.get("id") or ""))
    try:
        if not is_return:
            return purchases.look_up(told=stripe_shapes.told_state(about), secret_key=connected.secret_key)
        payment_intent, told = stripe_shapes.told_return(about)
        return payments.look_up(
            payment_intent=payment_intent, livemode=event.livemode, told=told, secret_key=connected.secret_key
        )
    except (stripe_shapes.NotASession, stripe_shapes.NotAPayment, purchases.ForeignSession) as foreign:
        return str(foreign)


def _note_arrival(event: StripeEvent, state: CheckoutState | PaymentState | Tested | str) -> None:
    """What was found in Stripe's list has not come by itself, and says nothing of the connection."""
    if event.is_pulled:
        return
    if isinstance(state, Tested):
        webhook_proof.heard(agency_id=event.agency_id, session_id=state.session_id, at=event.received_at)
    else:
        connections.note_event(agency_id=event.agency_id, livemode=event.livemode, at=event.received_at)


def _apply(event: StripeEvent, state: CheckoutState | PaymentState | Tested | str, connected: Connected) -> None:
    if isinstance(state, str):
        stripe_events.ignored(event, note=state)
        _keep_stray(event, connected, why=state)
        return
    if isinstance(state, Tested):
        stripe_events.applied(event, note=_("A test of the connection. Nothing was sold."))
        return
    try:
        if isinstance(state, PaymentState):
            purchase = payments.settle(state=state)
        else:
            purchase = purchases.settle(state=state, bank_said_no=event.type == _BANK_SAID_NO)
    except purchases.ForeignSession as foreign:
        log.warning("%s of agency %s is for no purchase of its own: %s", event.event_id, event.agency_id, foreign)
        stripe_events.ignored(event, note=str(foreign))
        _keep_stray(event, connected, why=str(foreign))
    else:
        stripe_events.applied(event, note=purchase.problem)
        aftermath.of_movement(purchase.client_id)
        low_balances.look_soon()
        _keep_stray(event, connected, told=state, settled=purchase)


def _keep_stray(
    event: StripeEvent,
    connected: Connected,
    *,
    told: CheckoutState | PaymentState | None = None,
    settled: Purchase | None = None,
    why: str = "",
) -> None:
    """Keep a paid session that brought no credits for a person, in the transaction that finds it so.

    A test payment in a portal that takes real money is nobody's concern.
    """
    if event.type not in stripe_gateway.SESSION_EVENTS or (not event.livemode and connected.is_live):
        return
    try:
        session = stripe_listed.listed_session(stripe_events.body(event)["data"].get("object"))
    except (stripe_shapes.NotASession, AttributeError):
        return
    # What Stripe showed when it was asked counts before what was signed.
    session = replace(session, state=told) if isinstance(told, CheckoutState) else session
    strays.keep(session, why=why, settled=settled)


def _connected() -> Connected:
    try:
        connection = connections.stripe_connection(schemas.current_agency_id())
    except connections.NotConnected:
        return Connected(None, is_live=False)
    return Connected(connections.secret_key_of(connection), is_live=connection.livemode is True)
