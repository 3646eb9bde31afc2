"""Brings wallet and state of a credited purchase to what its refunds and disputes say, by booking the difference.

What each of them takes follows from all of them (billing.clawback), so nothing is taken twice whatever comes twice, and
the end is the same in every order. A wallet may fall below zero: money that is gone is not waited for.
"""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from billing import clawback, expiry, ledger
from billing.models import Dispute, LedgerEntry, Purchase, Refund
from tenancy.wire import connection

Returned = Refund | Dispute
BY_STRIPE = {"kind": "stripe", "id": "", "email": ""}
# Statuses of a dispute in which nobody is against the payment (any more): inquiries, and what was decided for it.
HARMLESS = ("prevented", "warning_closed", "warning_needs_response", "warning_under_review", "won")
_KINDS = {
    Refund: (LedgerEntry.Kind.REFUND, LedgerEntry.Kind.REFUND_REVERSAL),
    Dispute: (LedgerEntry.Kind.DISPUTE, LedgerEntry.Kind.DISPUTE_WON),
}
_ARE_KNOWN = """
SELECT EXISTS (SELECT FROM billing_refund WHERE purchase_id = %s::uuid AND stripe_refund_id IS NOT NULL)
    OR EXISTS (SELECT FROM billing_dispute WHERE purchase_id = %s::uuid)
"""


def book(purchase: Purchase) -> None:
    """Book what is missing and set the state, under the purchase's lock; the caller saves the purchase.

    A purchase that is not credited has nothing to give back: it is booked when it is credited.
    """
    if purchase.paid_at is None:
        return
    rows = known(purchase)
    taken = shares(purchase, rows)
    for row in rows:
        _move_to(purchase, row, taken.get(row.stripe_id, 0))
    purchase.move_to(_state(purchase, rows))


def known(purchase: Purchase) -> list[Returned]:
    """Every refund and dispute of the purchase that Stripe has told of, oldest first."""
    # Of most purchases there are none, and this is asked whenever one is credited: one look instead of two lists.
    if not connection.ask_prepared(_ARE_KNOWN, [purchase.pk, purchase.pk])[0]:
        return []
    refunds = Refund.objects.filter(purchase=purchase).exclude(stripe_refund_id=None)
    rows: list[Returned] = [*refunds, *Dispute.objects.filter(purchase=purchase)]
    return sorted(rows, key=lambda row: (row.created_at, isinstance(row, Dispute), row.stripe_id))


def caused(purchase: Purchase) -> list[LedgerEntry]:
    """Every entry that the purchase has led to, oldest first: its credit, and what its refunds and disputes moved."""
    ids = [str(purchase.pk)]
    for row in known(purchase):
        ids += [row.stripe_id, *(f"{row.stripe_id}#{number}" for number in range(2, row.bookings + 1))]
    kinds = [LedgerEntry.Kind.PURCHASE, *(kind for pair in _KINDS.values() for kind in pair)]
    found = LedgerEntry.objects.filter(wallet_id=purchase.client_id, kind__in=kinds, source="stripe")
    return list(found.filter(source_id__in=ids).order_by("version"))


def paid_minor(purchase: Purchase) -> int:
    """What the client paid for the purchase."""
    return purchase.price_minor if purchase.paid_minor is None else purchase.paid_minor


def shares(purchase: Purchase, rows: Sequence[Returned]) -> dict[str, int]:
    """Seconds that each of these takes. Money in another currency than the purchase's counts as none."""
    parts = [
        clawback.Part(row.stripe_id, row.returned_minor, row.created_at, isinstance(row, Dispute))
        for row in rows
        if row.currency == purchase.currency
    ]
    return clawback.shares(seconds=purchase.seconds, paid_minor=paid_minor(purchase), parts=parts)


def has_changed(purchase: Purchase, row: Returned, *, amount_minor: int, currency: str) -> bool:
    """Whether Stripe tells another fact under an id that is booked: then a Conflict is kept, and nothing is booked."""
    if (row.amount_minor, row.currency) == (amount_minor, currency) or not row.bookings:
        return False
    fact: ledger.Fact = {_name(row): row.stripe_id, "amount_minor": amount_minor, "currency": currency}
    _post(purchase, row, _KINDS[type(row)][0], -1, row.stripe_id, fact)
    purchase.problem = _("Stripe tells another amount than before of %(id)s. Please look at it there.") % {
        "id": row.stripe_id[:80]
    }
    return True


def _move_to(purchase: Purchase, row: Returned, seconds: int) -> None:
    """Let the row take so many seconds, from now on: an entry of the difference, if there is one."""
    if seconds == row.seconds:
        return
    takes, gives_back = _KINDS[type(row)]
    kind = takes if seconds > row.seconds else gives_back
    source_id = row.stripe_id
    if row.bookings and LedgerEntry.objects.filter(kind=kind, source="stripe", source_id=source_id).exists():
        source_id = f"{row.stripe_id}#{row.bookings + 1}"
    fact: ledger.Fact = {_name(row): row.stripe_id, "amount_minor": row.amount_minor, "currency": row.currency}
    posting = _post(purchase, row, kind, row.seconds - seconds, source_id, fact)
    if posting.outcome is ledger.Outcome.POSTED:
        row.seconds, row.bookings = seconds, row.bookings + 1
        row.save(update_fields=["seconds", "bookings"])
        if kind == gives_back:
            expiry.schedule(purchase)


def _post(
    purchase: Purchase, row: Returned, kind: LedgerEntry.Kind, amount: int, source_id: str, fact: ledger.Fact
) -> ledger.Posting:
    asked_by = row.asked_by if isinstance(row, Refund) else {}
    return ledger.post(
        client_id=purchase.client_id,
        amount=amount,
        kind=kind,
        source="stripe",
        source_id=source_id,
        fact=fact,
        livemode=purchase.livemode,
        actor=asked_by or BY_STRIPE,
        reason=purchase.package_name,
    )


def _name(row: Returned) -> str:
    return "refund" if isinstance(row, Refund) else "dispute"


def _state(purchase: Purchase, rows: Sequence[Returned]) -> Purchase.State:
    if any(isinstance(row, Dispute) and (row.status not in HARMLESS or row.returned_minor) for row in rows):
        return Purchase.State.DISPUTED
    refunded = sum(row.returned_minor for row in rows if row.currency == purchase.currency)
    if not refunded:
        return Purchase.State.PAID
    return Purchase.State.REFUNDED if refunded >= paid_minor(purchase) else Purchase.State.PARTLY_REFUNDED
