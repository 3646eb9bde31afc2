"""Our side of a comparison with Stripe: purchases, with the entries, refunds and disputes of each. Reads only.

Every row stands where it belongs by its key, and what belongs to nothing is listed apart: nothing is left out of both.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from billing.models import Dispute, LedgerEntry, Purchase, Refund
from billing.returns import Returned
from billing.stripe_listed import Lists

Kind = LedgerEntry.Kind
_OF_RETURNS = (Kind.REFUND, Kind.REFUND_REVERSAL, Kind.DISPUTE, Kind.DISPUTE_WON)
_MONEY = (Kind.PURCHASE, *_OF_RETURNS)


@dataclass(slots=True)
class Bought:
    """A purchase, the entries under its id, and what went back of it, each with the entries under its Stripe id."""

    purchase: Purchase
    entries: list[LedgerEntry] = field(default_factory=list)
    returned: list[Returned] = field(default_factory=list)
    entries_of: dict[str, list[LedgerEntry]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True, slots=True)
class Books:
    """Everything of one mode since a moment, and what Stripe names beyond it. `loose` are entries of no row of ours."""

    bought: dict[UUID, Bought]
    loose: list[LedgerEntry]

    def by_payment(self) -> dict[str, Bought]:
        """Credited purchases by their payment at Stripe."""
        return {
            one.purchase.stripe_payment_intent_id: one
            for one in self.bought.values()
            if one.purchase.stripe_payment_intent_id and one.purchase.paid_at is not None
        }


def read(*, livemode: bool, since: datetime | None, named: Lists | None = None) -> Books:
    """The books of one mode: purchases made since then (None: all of them), and those that these lists name."""
    rows = Purchase.objects.filter(_wanted(since, named), livemode=livemode)
    books = Books({purchase.pk: Bought(purchase) for purchase in rows}, [])
    by_return: dict[str, Bought] = {}
    for row in _returned(books.bought):
        one = books.bought[row.purchase_id]
        one.returned.append(row)
        by_return[row.stripe_id] = one
    for entry in _entries(books.bought, by_return.values(), since):
        if entry.livemode == livemode:
            _put(entry, books, by_return)
    return books


def base_id(entry: LedgerEntry) -> str:
    """The outside id that an entry is keyed by; a later entry of the same is `<id>#<n>`."""
    return entry.source_id.partition("#")[0]


def _put(entry: LedgerEntry, books: Books, by_return: dict[str, Bought]) -> None:
    if entry.kind == Kind.PURCHASE:
        one = books.bought.get(uuid) if (uuid := _uuid(entry.source_id)) else None
        if one is not None:
            one.entries.append(entry)
            return
    elif (one := by_return.get(base_id(entry))) is not None:
        one.entries_of[base_id(entry)].append(entry)
        return
    if not _is_of_an_older_row(entry):
        books.loose.append(entry)


def _is_of_an_older_row(entry: LedgerEntry) -> bool:
    """Whether what it belongs to exists, and only lies before the time that is looked at."""
    key = base_id(entry)
    if entry.kind == Kind.PURCHASE:
        uuid = _uuid(key)
        return uuid is not None and Purchase.objects.filter(pk=uuid).exists()
    if entry.kind in (Kind.REFUND, Kind.REFUND_REVERSAL):
        return Refund.objects.filter(stripe_refund_id=key).exists()
    return Dispute.objects.filter(stripe_dispute_id=key).exists()


def _wanted(since: datetime | None, named: Lists | None) -> Q:
    if since is None:
        return Q()
    wanted = Q(created_at__gte=since)
    if named is not None:
        ids = [session.state.purchase_id for session in named.sessions or () if session.state.purchase_id]
        payments = {one.payment_intent for one in named.refunds or ()}
        payments |= {one.payment_intent for one in named.disputes or ()}
        wanted |= Q(pk__in=ids) | Q(stripe_payment_intent_id__in=payments - {""})
    return wanted


def _returned(bought: dict[UUID, Bought]) -> Iterator[Returned]:
    yield from Refund.objects.filter(purchase__in=list(bought)).exclude(stripe_refund_id=None)
    yield from Dispute.objects.filter(purchase__in=list(bought))


def _entries(bought: dict[UUID, Bought], returning: Iterable[Bought], since: datetime | None) -> Iterator[LedgerEntry]:
    money = LedgerEntry.objects.filter(kind__in=[kind.value for kind in _MONEY])
    if since is None:
        yield from money.iterator()
        return
    keys = {
        key
        for one in returning
        for row in one.returned
        for key in (row.stripe_id, *(f"{row.stripe_id}#{number}" for number in range(1, row.bookings + 2)))
    }
    keys |= {str(pk) for pk in bought}
    seen = set()
    for entry in money.filter(Q(created_at__gte=since) | Q(source="stripe", source_id__in=keys)).iterator():
        if entry.pk not in seen:
            seen.add(entry.pk)
            yield entry


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
