"""The three-way statement of a client and a month: HMS's seconds, the ledger's seconds, Stripe's money, all read now.

Nothing is taken from what we once copied: calls come from HMS's list by the client's own key, payments from Stripe's
lists. What does not fit is a number, and opens down to the row. In the agency's schema, outside a transaction; it takes
at most PATIENCE, and says so when that was not enough.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies import call_terms
from billing import against_stripe, statements, stripe_gateway
from billing.against_stripe import Money, Payment
from billing.models import LedgerEntry, Purchase
from billing.months import Month
from billing.stripe_listed import ListedSession
from billing.stripe_shapes import DisputeState, RefundState, StripeFailed
from calls import against_hms
from calls.against_hms import Time
from hms_client import Call as HmsCall
from hms_client import HMSError
from organizations import hms
from organizations.models import Organization
from tenancy import schemas
from vault import connections, key_shapes

PATIENCE = timedelta(seconds=20)
# Two clocks, and what happens around midnight: read more, then sort by the month.
_MARGIN = timedelta(days=1)
_CALLS = (LedgerEntry.Kind.USAGE, LedgerEntry.Kind.USAGE_CORRECTION)


class TakesTooLong(RuntimeError):
    """HMS needs longer to list the calls than a page may wait."""


@dataclass(frozen=True, slots=True)
class ThreeWay:
    """A side is None when it could not be read; then its sentence says why and what to do. `bought`, `used` and `other`
    are seconds that the ledger moved in the month, of both modes: for payments, for calls, and what neither HMS nor
    Stripe knows of (given by hand, expired). With the opening balance they sum to the closing one."""

    read_at: datetime
    time: Time | None
    money: Money | None
    time_problem: str
    money_problem: str
    bought: int
    used: int
    other: int
    opening: int
    closing: int

    @property
    def fits(self) -> bool:
        """Whether both sides were read and nothing is unexplained."""
        if self.time is None or self.money is None:
            return False
        return not (self.time.rows or self.money.rows or self.time.unexplained or self.money.unexplained)


def read(*, client_id: UUID, month: Month) -> ThreeWay:
    """Read all three sides now. A side that cannot be read is left open, never guessed."""
    read_at = timezone.now()
    deadline = read_at + PATIENCE
    time_side = money_side = None
    time_problem = money_problem = ""
    try:
        time_side = _time(client_id, month, deadline)
    except hms.NoKey as error:
        time_problem = str(error)
    except (HMSError, TakesTooLong):
        time_problem = _("HMS could not be read now. Please try again in a minute.")
    try:
        money_side = _money(client_id, month, deadline)
    except connections.NotConnected:
        money_problem = _("Stripe is not connected. Save your keys on the page Payments first.")
    except StripeFailed as error:
        money_problem = error.sentence
    within = statements.span(client_id, from_at=month.starts_at, until_at=month.next.starts_at)
    return ThreeWay(
        read_at,
        time_side,
        money_side,
        time_problem,
        money_problem,
        *_moved(client_id, within),
        within.opening,
        within.closing,
    )


def _moved(client_id: UUID, within: statements.Span) -> tuple[int, int, int]:
    """Seconds that the month moved for payments, for calls, and of the kinds that are compared with nobody."""
    entries = LedgerEntry.objects.filter(wallet_id=client_id, version__gte=within.first, version__lte=within.last)
    of_kind: dict[str, int] = dict(entries.values_list("kind").annotate(Sum("amount")))
    bought = sum(of_kind.pop(kind, 0) for kind in against_stripe.MONEY)
    used = sum(of_kind.pop(kind, 0) for kind in _CALLS)
    return bought, used, sum(of_kind.values())


def _time(client_id: UUID, month: Month, deadline: datetime) -> Time:
    organization = Organization.objects.filter(client_id=client_id).first()
    if organization is None:
        raise hms.NoKey(_("This client has no organization at HMS yet."))
    with hms.for_organization(organization) as client:
        told = client.calls.iterate(
            start_date=month.starts_at - _MARGIN, end_date=month.next.starts_at + _MARGIN, page_size=1000
        )
        calls = list(_within(told, deadline))
    terms = call_terms.in_force(schemas.current_agency_id())
    return against_hms.compare(client_id, month, calls, terms=terms, now=timezone.now())


def _within(told: Iterable[HmsCall], deadline: datetime) -> Iterator[HmsCall]:
    until = time.monotonic() + (deadline - timezone.now()).total_seconds()
    for call in told:
        if time.monotonic() > until:
            raise TakesTooLong
        yield call


def _money(client_id: UUID, month: Month, deadline: datetime) -> Money:
    connection = connections.stripe_connection(schemas.current_agency_id())
    key = connections.stripe_secret_key(connection.agency_id)
    since = month.starts_at - _MARGIN
    sessions = stripe_gateway.fetch_sessions(secret_key=key, since=since, deadline=deadline)
    refunds = stripe_gateway.fetch_refunds_since(secret_key=key, since=since, deadline=deadline)
    disputes = stripe_gateway.fetch_disputes_since(secret_key=key, since=since, deadline=deadline)
    payments = _payments(client_id, sessions, refunds, disputes, key)
    return against_stripe.compare(
        client_id, month, payments, account_id=connection.account_id, livemode=key_shapes.is_live(key)
    )


def _payments(
    client_id: UUID,
    sessions: tuple[ListedSession, ...],
    refunds: tuple[RefundState, ...],
    disputes: tuple[DisputeState, ...],
    secret_key: str,
) -> list[Payment]:
    """The client's payments, each with all that went back of it: also what went back before the month."""
    mine = {str(pk) for pk in Purchase.objects.filter(client_id=client_id).values_list("pk", flat=True)}
    paid = [one for one in sessions if one.is_paid and one.state.mode == "payment"]
    found = {one.state.payment_intent or one.state.id: one for one in paid if str(one.state.purchase_id) in mine}
    returned: defaultdict[str, list[RefundState | DisputeState]] = defaultdict(list)
    states: list[RefundState | DisputeState] = [*refunds, *disputes]
    for state in states:
        returned[state.payment_intent].append(state)
    older = Purchase.objects.filter(client_id=client_id, stripe_payment_intent_id__in=[*returned])
    for purchase in older:
        payment_intent = purchase.stripe_payment_intent_id
        if payment_intent not in found:
            session = stripe_gateway.fetch_session_of(secret_key=secret_key, payment_intent=payment_intent)
            if session is not None:
                found[payment_intent] = ListedSession(session, purchase.created_at)
    return [_payment(key, session, returned, secret_key) for key, session in found.items()]


def _payment(
    payment_intent: str,
    session: ListedSession,
    returned: defaultdict[str, list[RefundState | DisputeState]],
    secret_key: str,
) -> Payment:
    if payment_intent not in returned:
        return Payment(session)
    return Payment(
        session,
        stripe_gateway.fetch_refunds(secret_key=secret_key, payment_intent=payment_intent),
        stripe_gateway.fetch_disputes(secret_key=secret_key, payment_intent=payment_intent),
    )
