"""Lots: what is left of each entry that added credits, laid out from the ledger when somebody needs to know.

Booking never touches them. The rows are a cache of the entries up to `Wallet.lots_version`: thrown away and laid out
again they are the same, and when they were laid out makes no difference.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from billing import statements, wallets
from billing.layout import SETTLING, Kind, Layout, Settling, order
from billing.models import Dispute, LedgerEntry, Lot, Purchase, Refund, Wallet

_AT_A_TIME = 1_000
# One statement sees one moment: the lots are those of the version that stands beside them.
_STAND = """
SELECT w.balance, w.version, w.lots_version, l.version, l.amount, l.remaining, l.livemode, l.purchase_id, l.expires_at
  FROM billing_wallet w LEFT JOIN billing_lot l ON l.wallet_id = w.client_id AND (l.remaining > 0 OR %s)
 WHERE w.client_id = %s
"""
_COLUMNS = ("version", "amount", "remaining", "livemode", "purchase_id", "expires_at")
_MOVES = statements.moves(SETTLING)
_RETURNS = (Kind.REFUND, Kind.REFUND_REVERSAL, Kind.DISPUTE, Kind.DISPUTE_WON)


def lay_out(client_id: UUID) -> list[Lot]:
    """Bring the stored lots up to the newest entry that settles; what `standing` says. Locks the wallet.

    Raises NoSuchClient.
    """
    with transaction.atomic():
        wallets.lock(client_id)
        balance, version, laid_up_to, layout = _stored(client_id)
        laid_to = _settle(layout, after=laid_up_to, until=version)
        if laid_to > laid_up_to:
            rows = [layout.lots[number] for number in sorted(layout.changed)]
            Lot.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["wallet", "version"],
                update_fields=["remaining", "livemode"],
            )
            Wallet.objects.filter(pk=client_id).update(lots_version=laid_to)
    return _as_of_now(layout, balance, version)


def standing(client_id: UUID) -> list[Lot]:
    """What is left of each lot right now, what is used first first. Changes nothing and locks nothing.

    A lot that calls have used up since the last entry that settled stands in it with nothing left: a correction of
    these calls may still give it back.
    """
    balance, version, laid_up_to, layout = _stored(client_id)
    _settle(layout, after=laid_up_to, until=version)
    return _as_of_now(layout, balance, version)


def replay(client_id: UUID, *, until: int) -> Layout:
    """The lots as the entries up to this version alone say they are."""
    layout = Layout(client_id)
    _settle(layout, after=0, until=until)
    return layout


def wrong(client_id: UUID) -> Iterator[tuple[int | None, str]]:
    """What is wrong with the stored lots of a wallet, for the proof of the ledger: the lot's version, and words."""
    _balance, version, laid_up_to, stored = _stored(client_id, used_up_too=True)
    if laid_up_to > version:
        yield None, f"lots are laid out up to entry {laid_up_to}, the newest is {version}"
    again = replay(client_id, until=laid_up_to)
    for number in sorted(stored.lots.keys() | again.lots.keys()):
        is_, was = stored.lots.get(number), again.lots.get(number)
        if is_ is None or was is None:
            yield number, "there is no lot for this entry" if is_ is None else "no entry made this lot"
        elif _facts(is_) != _facts(was):
            yield number, f"lot of {is_.remaining}/{is_.amount} s, its entries say {was.remaining}/{was.amount} s"
    covered = max(_balance_at(client_id, laid_up_to), 0)
    if stored.held() != covered:
        yield None, f"lots hold {stored.held()} s, the balance at entry {laid_up_to} {covered} s"
    for number in _expired(client_id, laid_up_to):
        if number in stored.lots and stored.lots[number].remaining:
            yield number, f"expired, and {stored.lots[number].remaining} s are left"


def expires_at(purchase: Purchase | None) -> datetime | None:
    """When what is left of a purchase expires; None for never, and for one that is not paid."""
    if purchase is None or purchase.lifetime_days is None or purchase.paid_at is None:
        return None
    return purchase.paid_at + timedelta(days=purchase.lifetime_days)


def _stored(client_id: UUID, *, used_up_too: bool = False) -> tuple[int, int, int, Layout]:
    """Balance, version, the version up to which lots are laid out, and they; without those used up unless asked for."""
    with connection.cursor() as cursor:
        cursor.execute(_STAND, [used_up_too, client_id])
        rows = cursor.fetchall()
    found = [
        Lot(wallet_id=client_id, **dict(zip(_COLUMNS, row[3:], strict=True))) for row in rows if row[3] is not None
    ]
    balance, version, laid_up_to = rows[0][:3] if rows else (0, 0, 0)
    return balance, version, laid_up_to, Layout(client_id, {lot.version: lot for lot in found})


def _settle(layout: Layout, *, after: int, until: int) -> int:
    """Lay out the entries that settle above one version, up to another; the version of the last one."""
    while entries := statements.read(
        layout.wallet_id, only=_MOVES, after=after, before=until + 1, oldest_first=True, limit=_AT_A_TIME
    ):
        for entry in _explained(entries):
            layout.settle(entry)
        after = entries[-1].version
    return after


def _as_of_now(layout: Layout, balance: int, version: int) -> list[Lot]:
    """The lots with what calls did since the last entry that settled. Of what is laid out here nothing is stored."""
    unsettled = {lot.version: lot for lot in layout.lots.values() if lot.remaining}
    layout.reach(max(balance, 0), version=version)
    unsettled |= {lot.version: lot for lot in layout.lots.values() if lot.remaining}
    return sorted(unsettled.values(), key=order)


def _explained(entries: Sequence[LedgerEntry]) -> Iterator[Settling]:
    """The entries with the purchases they are about, in at most three queries."""
    ids = _purchase_ids(entries)
    purchases = Purchase.objects.in_bulk(ids.values())
    for entry in entries:
        purchase = purchases.get(ids[entry.version]) if entry.version in ids else None
        yield Settling(
            version=entry.version,
            amount=entry.amount,
            balance_after=entry.balance_after,
            kind=Kind(entry.kind),
            livemode=entry.livemode,
            purchase_id=purchase.pk if purchase else None,
            expires_at=expires_at(purchase),
            of_version=of_version(entry),
        )


def of_version(entry: LedgerEntry) -> int | None:
    """The version of the entry that this one takes back or lets expire; its key ends with it, after a slash."""
    number = entry.source_id.rpartition("/")[2]
    is_about_one = entry.kind in (Kind.EXPIRY, Kind.REVERSAL) and number.isascii() and number.isdecimal()
    return int(number) if is_about_one else None


def _purchase_ids(entries: Sequence[LedgerEntry]) -> dict[int, UUID]:
    """By version, the purchase that an entry is about. Refunds and disputes are keyed by their own ids at Stripe."""
    told = {entry.version: entry.source_id.partition("#")[0] for entry in entries if entry.kind in _RETURNS}
    rows: dict[str, UUID] = {}
    if told:
        refunds = Refund.objects.filter(stripe_refund_id__in=told.values())
        disputes = Dispute.objects.filter(stripe_dispute_id__in=told.values())
        rows |= {str(key): pk for key, pk in refunds.values_list("stripe_refund_id", "purchase_id")}
        rows |= dict(disputes.values_list("stripe_dispute_id", "purchase_id"))
    found = {version: rows[key] for version, key in told.items() if key in rows}
    for entry in entries:
        if entry.kind == Kind.PURCHASE and (purchase_id := _uuid(entry.source_id)):
            found[entry.version] = purchase_id
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _balance_at(client_id: UUID, version: int) -> int:
    found = LedgerEntry.objects.filter(wallet_id=client_id, version=version).values_list("balance_after", flat=True)
    return found.first() or 0


def _expired(client_id: UUID, until: int) -> list[int]:
    """The lots that entries up to this version let expire."""
    entries = LedgerEntry.objects.filter(wallet_id=client_id, kind=Kind.EXPIRY, amount__lt=0, version__lte=until)
    return [number for entry in entries.order_by("version") if (number := of_version(entry))]


def _facts(lot: Lot) -> tuple[object, ...]:
    return lot.amount, lot.remaining, lot.livemode, lot.purchase_id, lot.expires_at
