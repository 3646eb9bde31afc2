"""A client's month of payments, as Stripe lists them now, beside what the ledger moved for them and what our rows say.

Each session, refund and dispute is a fact of the month in which it happened at Stripe. What it has to move follows from
Stripe's own figures; what it did move is in its entries, whenever they were booked. Reads only, and asks nobody.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from billing import books, clawback, returns, statements
from billing.models import Dispute, LedgerEntry, Purchase, Refund
from billing.months import Month
from billing.stripe_listed import ListedSession
from billing.stripe_shapes import DisputeState, RefundState

Kind = LedgerEntry.Kind
MONEY = (Kind.PURCHASE, Kind.REFUND, Kind.REFUND_REVERSAL, Kind.DISPUTE, Kind.DISPUTE_WON)
_SOLD, _BACK, _DISPUTED = "session", "refund", "dispute"


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment at Stripe that is for a purchase of the client: its session, and everything that went back of it."""

    session: ListedSession
    refunds: Sequence[RefundState] = ()
    disputes: Sequence[DisputeState] = ()


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One fact at Stripe, or one of ours that Stripe does not have: money in minor units (what went back is negative),
    and seconds that it has to move and has moved."""

    stripe_id: str
    kind: str
    at: datetime
    currency: str
    theirs_minor: int
    ours_minor: int
    expected: int
    moved: int

    @property
    def fits(self) -> bool:
        return (self.theirs_minor, self.expected) == (self.ours_minor, self.moved)


@dataclass(slots=True)
class Money:
    """A month of payments. Amounts by currency; `rows` are those that do not fit, and sum to what is unexplained.
    `of_other_accounts` are seconds booked for what was paid in Stripe accounts that were not asked."""

    paid: Counter[str] = field(default_factory=Counter)
    went_back: Counter[str] = field(default_factory=Counter)
    ours: Counter[str] = field(default_factory=Counter)
    payments: int = 0
    expected_seconds: int = 0
    booked_elsewhere: int = 0
    from_elsewhere: int = 0
    of_other_accounts: int = 0
    moved: int = 0
    rows: list[PaymentRow] = field(default_factory=list)

    def unexplained_minor(self, currency: str) -> int:
        """What Stripe has more than our rows say, in minor units of this currency."""
        return self.paid[currency] - self.went_back[currency] - self.ours[currency]

    @property
    def currencies(self) -> list[str]:
        return sorted({*self.paid, *self.went_back, *self.ours})

    @property
    def due(self) -> int:
        """Seconds that the ledger has to have moved for payments in this month."""
        return self.expected_seconds - self.booked_elsewhere + self.from_elsewhere + self.of_other_accounts

    @property
    def unexplained(self) -> int:
        return self.due - self.moved


def compare(client_id: UUID, month: Month, payments: Iterable[Payment], *, account_id: str, livemode: bool) -> Money:
    """Compare these payments, read with time to spare on both sides of the month, with the ledger of one mode.

    `account_id` is the Stripe account that was asked, "" where the key does not say which.
    """
    booked = _booked_in(client_id, month, livemode)
    money = Money(moved=sum(booked.values()))
    # What we know of the month and was booked in another one: Stripe may not have it.
    booked = dict.fromkeys(_known_in(client_id, month, livemode), 0) | booked
    known: set[str] = set()
    for payment in payments:
        purchase_id = payment.session.state.purchase_id
        purchase = Purchase.objects.filter(pk=purchase_id, client_id=client_id).first() if purchase_id else None
        if purchase is None:
            continue
        for key, row in _facts(purchase, payment):
            known.add(key)
            if month.starts_at <= row.at < month.next.starts_at:
                _add(money, row, booked.pop(key, 0))
    for key, seconds in booked.items():
        purchase = _purchase_of(_our_row(key))
        if key not in known and purchase is not None and not purchase.may_be_in(account_id):
            money.of_other_accounts += seconds
            continue
        _add_unlisted(money, month, key, seconds, known, livemode)
    return money


def _add(money: Money, row: PaymentRow, in_month: int) -> None:
    if row.kind == _SOLD:
        money.payments += 1
        money.paid[row.currency] += row.theirs_minor
    else:
        money.went_back[row.currency] -= row.theirs_minor
    money.ours[row.currency] += row.ours_minor
    money.expected_seconds += row.expected
    money.booked_elsewhere += row.moved - in_month
    if not row.fits:
        money.rows.append(row)


def _add_unlisted(money: Money, month: Month, key: str, seconds: int, known: set[str], livemode: bool) -> None:
    """Entries of the month for something that happened in another one, or that Stripe does not have."""
    ours = _our_row(key)
    at = ours.created_at if ours is not None else month.starts_at
    if key in known or not month.starts_at <= at < month.next.starts_at:
        money.from_elsewhere += seconds
        return
    moved = _moved([key], livemode)
    minor, kind = _our_minor(ours)
    money.ours[ours.currency if ours else "?"] += minor
    money.booked_elsewhere += moved - seconds
    currency = ours.currency if ours else "?"
    money.rows.append(PaymentRow(key, kind, at, currency, 0, minor, 0, moved))


def _facts(purchase: Purchase, payment: Payment) -> Iterator[tuple[str, PaymentRow]]:
    """What a payment consists of, each by the key of its entries."""
    session = payment.session
    is_its_own = purchase.paid_at is not None and purchase.stripe_session_id == session.state.id
    seconds = purchase.seconds if is_its_own or session.state.payment_status == "paid" else 0
    key = str(purchase.pk) if is_its_own or purchase.paid_at is None else session.state.id
    ours = returns.paid_minor(purchase) if is_its_own else 0
    moved = _moved([key], purchase.livemode)
    yield (
        key,
        PaymentRow(
            session.state.id,
            _SOLD,
            session.created_at,
            session.state.currency,
            session.paid_minor,
            ours,
            seconds,
            moved,
        ),
    )
    parts = [clawback.Part(one.id, _minor(one), one.happened_at) for one in payment.refunds]
    parts += [clawback.Part(one.id, _minor(one), one.happened_at, is_dispute=True) for one in payment.disputes]
    shares = clawback.shares(seconds=seconds, paid_minor=session.paid_minor, parts=parts)
    states: list[RefundState | DisputeState] = [*payment.refunds, *payment.disputes]
    for state in states:
        ours_minor, _kind = _our_minor(_our_row(state.id))
        kind = _BACK if isinstance(state, RefundState) else _DISPUTED
        moved = _moved([state.id], purchase.livemode)
        back = -_minor(state)
        row = PaymentRow(state.id, kind, state.happened_at, state.currency, back, ours_minor, -shares[state.id], moved)
        yield state.id, row


def _booked_in(client_id: UUID, month: Month, livemode: bool) -> dict[str, int]:
    """Seconds that entries of the month moved, by the outside id that they are keyed by."""
    within = statements.span(client_id, from_at=month.starts_at, until_at=month.next.starts_at)
    entries = LedgerEntry.objects.filter(
        wallet_id=client_id,
        kind__in=MONEY,
        livemode=livemode,
        version__gte=within.first,
        version__lte=within.last,
    )
    moved: defaultdict[str, int] = defaultdict(int)
    for entry in entries:
        moved[books.base_id(entry)] += entry.amount
    return dict(moved)


def _known_in(client_id: UUID, month: Month, livemode: bool) -> list[str]:
    """The outside ids of what happened in the month by our rows and has moved something."""
    within = {"created_at__gte": month.starts_at, "created_at__lt": month.next.starts_at}
    bought = Purchase.objects.filter(client_id=client_id, livemode=livemode, paid_at__isnull=False, **within)
    of_client = {"purchase__client_id": client_id, "purchase__livemode": livemode, "bookings__gt": 0, **within}
    refunds = Refund.objects.filter(**of_client).values_list("stripe_refund_id", flat=True)
    disputes = Dispute.objects.filter(**of_client).values_list("stripe_dispute_id", flat=True)
    return [*map(str, bought.values_list("pk", flat=True)), *map(str, refunds), *map(str, disputes)]


def _moved(keys: Sequence[str], livemode: bool) -> int:
    """Seconds that entries under these outside ids moved, whenever they were booked."""
    found: Mapping[str, int] = {
        f"{entry.wallet_id} {entry.version}": entry.amount
        for key in keys
        for entry in LedgerEntry.objects.filter(
            kind__in=MONEY, source="stripe", source_id__in=[key, *(f"{key}#{number}" for number in range(2, 30))]
        )
        if entry.livemode == livemode
    }
    return sum(found.values())


def _our_row(key: str) -> Purchase | Refund | Dispute | None:
    try:
        return Purchase.objects.filter(pk=UUID(key)).first()
    except ValueError:
        refund = Refund.objects.filter(stripe_refund_id=key).first()
        return refund or Dispute.objects.filter(stripe_dispute_id=key).first()


def _purchase_of(row: Purchase | Refund | Dispute | None) -> Purchase | None:
    return row if row is None or isinstance(row, Purchase) else row.purchase


def _our_minor(row: Purchase | Refund | Dispute | None) -> tuple[int, str]:
    if isinstance(row, Purchase):
        return (returns.paid_minor(row) if row.paid_at is not None else 0), _SOLD
    if row is None:
        return 0, _SOLD
    return -row.returned_minor, _BACK if isinstance(row, Refund) else _DISPUTED


def _minor(state: RefundState | DisputeState) -> int:
    if isinstance(state, RefundState):
        return 0 if state.status in ("failed", "canceled") else state.amount_minor
    return max(state.withdrawn_minor - state.reinstated_minor, 0)
