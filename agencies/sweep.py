"""The sweep: what no webhook has told is found in Stripe's own lists, and goes the way that it would have gone.

Open purchases are asked about first; then events that nobody took are put into the inbox; then paid sessions that are
credited nowhere are settled by the one function that credits, and refunds and disputes by the one that takes back. What
nobody may be credited for is kept for a person (agencies.strays). In the agency's schema, outside a transaction.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from agencies import discrepancies, strays
from agencies.models import Discrepancy
from billing import payments, purchases, stripe_gateway
from billing.models import Dispute, Purchase, Refund
from billing.stripe_listed import ListedEvent, ListedSession, Lists
from billing.stripe_shapes import DisputeState, RefundState, StripeRefused, StripeUnreachable
from follow_ups import agenda
from inbox import stripe_events
from tenancy import schemas

log = logging.getLogger(__name__)
KIND = "stripe_sweep"
Kind = Discrepancy.Kind
EVERY = timedelta(hours=24)
# As long as Stripe keeps events.
REACHES_BACK = stripe_gateway.EVENTS_REACH_BACK
# A follow-up has six minutes; the rest is asked about by each purchase's own follow-up, and by the next sweep.
_MOST_PURCHASES = 200


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: purchases settled, events put into the inbox, payments whose refunds or disputes were new,
    payments that wait for a person. `unread` names lists that the key may not read."""

    settled: int = 0
    events: int = 0
    returns: int = 0
    strays: int = 0
    unread: tuple[str, ...] = ()


def schedule(*, due_at: datetime | None = None) -> None:
    """Ask for a sweep of the current agency, now or at `due_at`: after its keys changed, or a test of them."""
    agenda.schedule(kind=KIND, due_at=due_at)


def sweep(*, secret_key: str) -> Swept:
    """Look through everything of the last 30 days. Raises the failures of stripe_shapes, with what was done kept."""
    settled = _ask_about_open_purchases(secret_key)
    since = timezone.now() - REACHES_BACK
    lists = stripe_gateway.fetch_lists(secret_key=secret_key, since=since)
    undelivered: tuple[ListedEvent, ...] = ()
    if lists.events is not None:
        undelivered = stripe_gateway.fetch_events(secret_key=secret_key, since=since, undelivered_only=True)
    done = apply(lists, secret_key=secret_key, events=undelivered)
    return Swept(settled + done.settled, done.events, done.returns, done.strays, done.unread)


def apply(lists: Lists, *, secret_key: str, events: tuple[ListedEvent, ...]) -> Swept:
    """Bring our rows to what these lists say; `events` go into the inbox, where they are not in it."""
    pulled = sum(pull(event) for event in events)
    settled = stray = 0
    waiting = set(discrepancies.unresolved().filter(kind=Kind.STRAY_PAYMENT).values_list("subject", flat=True))
    for session in lists.sessions or ():
        if not session.is_paid or (strays.is_credited(session) and session.state.id not in waiting):
            continue
        # What others sell through the same account is not asked about one by one.
        if not strays.looks_like_ours(session, strays.named(session)):
            continue
        is_settled, is_stray = _settle(session, secret_key)
        settled, stray = settled + is_settled, stray + is_stray
    returned = _take_back(lists, secret_key)
    look_at_purchases()
    return Swept(settled, pulled, returned, stray, tuple(lists.unread))


def look_at_purchases() -> None:
    """Keep for a person every open purchase that has a problem and whose session is not kept already, and no other."""
    troubled = Purchase.objects.filter(state=Purchase.State.PENDING).exclude(problem="")
    kept = set(discrepancies.of_kind(Kind.STRAY_PAYMENT).values_list("subject", flat=True))
    noted = {
        discrepancies.note_purchase(purchase).subject for purchase in troubled if purchase.stripe_session_id not in kept
    }
    for row in discrepancies.of_purchases():
        if row.subject not in noted:
            discrepancies.gone(kind=Kind.STRIPE, subject=row.subject)


def _ask_about_open_purchases(secret_key: str) -> int:
    since = timezone.now() - REACHES_BACK
    found = purchases.open_purchases().filter(stripe_session_id__isnull=False, created_at__gt=since)
    settled = 0
    for pk in found.values_list("pk", flat=True)[:_MOST_PURCHASES]:
        try:
            purchase = purchases.refresh(purchase_id=pk, secret_key=secret_key)
        except (StripeRefused, purchases.ForeignSession) as refused:
            log.warning("sweep: purchase %s cannot be looked up: %s", pk, type(refused).__name__)
        else:
            settled += purchase.paid_at is not None
    return settled


def pull(event: ListedEvent) -> bool:
    """Put an event into the inbox; whether it was new there."""
    told = stripe_events.Pulled(event.id, event.type, event.livemode, event.api_version[:40], event.event_at)
    agency_id = schemas.current_agency_id()
    return stripe_events.pull(agency_id=agency_id, event=told, payload=event.body, now=timezone.now()).is_new


def _settle(listed: ListedSession, secret_key: str) -> tuple[bool, bool]:
    """Whether the session was settled now, and whether it waits for a person instead.

    The list does not show whether the money was only set aside at the buyer's bank; the session itself does.
    """
    why = ""
    session = replace(listed, state=stripe_gateway.fetch_session(secret_key=secret_key, session_id=listed.state.id))
    if not session.is_paid:
        return False, False
    with transaction.atomic():
        try:
            purchases.settle(state=session.state)
        except purchases.ForeignSession as foreign:
            why = str(foreign)
        kept = strays.keep(session, why=why)
    return strays.is_credited(session), kept is not None


def _take_back(lists: Lists, secret_key: str) -> int:
    """Settle every payment of ours of which a refund or a dispute is not known as it is."""
    news: dict[str, RefundState | DisputeState] = {}
    for refund in lists.refunds or ():
        if not _is_known_refund(refund):
            news[refund.payment_intent] = refund
    for dispute in lists.disputes or ():
        if not _is_known_dispute(dispute):
            news[dispute.payment_intent] = dispute
    ours = Purchase.objects.filter(
        ~Q(stripe_payment_intent_id=""), stripe_payment_intent_id__in=list(news), paid_at__isnull=False
    )
    for purchase in ours:
        told = news[purchase.stripe_payment_intent_id]
        try:
            payments.settle(
                state=payments.look_up(
                    payment_intent=purchase.stripe_payment_intent_id,
                    livemode=purchase.livemode,
                    told=told,
                    secret_key=secret_key,
                )
            )
        except (purchases.ForeignSession, StripeUnreachable) as error:
            log.warning("sweep: what went back of %s cannot be settled: %s", purchase.pk, type(error).__name__)
    return len(ours)


def _is_known_refund(state: RefundState) -> bool:
    row = Refund.objects.filter(stripe_refund_id=state.id).first()
    is_gone = state.status not in ("failed", "canceled")
    return row is not None and row.returned_minor == (state.amount_minor if is_gone else 0)


def _is_known_dispute(state: DisputeState) -> bool:
    row = Dispute.objects.filter(stripe_dispute_id=state.id).first()
    return row is not None and (row.withdrawn_minor, row.reinstated_minor, row.status) == (
        state.withdrawn_minor,
        state.reinstated_minor,
        state.status,
    )
