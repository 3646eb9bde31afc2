"""Credits with an end: what is left of a lot after its time leaves the wallet, as one entry, once.

An expiry counts from its booking. Whatever was used before it was used, and the wallet's lock decides what came before:
the same second is never both used and expired.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet, Sum

from billing import ledger, lots, wallets
from billing.models import LedgerEntry, Lot, Purchase
from follow_ups import agenda

KIND = "expiry"
SOURCE = "portal"
_BY_PORTAL = {"kind": "portal", "id": "", "email": ""}
# A call that runs when its credits expire may finish on them: it is waited for, this long at most.
_PATIENCE = timedelta(hours=1)
_WAITS = timedelta(minutes=1)
# Calls used it up in time; a correction of these calls may still give some of it back.
_LATE_LOOKS_EVERY, _LATE_LOOKS_UNTIL = timedelta(days=1), timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Coming:
    """Seconds that expire at a time, unless they are used first."""

    seconds: int
    expires_at: datetime


def schedule(purchase: Purchase) -> None:
    """Have what is left of a paid purchase expire in time; nothing for one whose credits stay. To be called in the
    transaction that books credits of it, the first time and when a refund or a dispute gives them back."""
    at = lots.expires_at(purchase)
    if at is not None:
        agenda.schedule(kind=KIND, subject=str(purchase.client_id), due_at=at)


def expire(client_id: UUID, now: datetime) -> datetime | None:
    """Book what has expired of the client's credits, and say when to look again; None when no more will expire.

    Raises ledger.NoSuchClient.
    """
    with transaction.atomic():
        held = wallets.lock(client_id).held
        ending = [(lot.expires_at, lot) for lot in lots.lay_out(client_id) if lot.expires_at is not None]
        due = [(at, lot) for at, lot in ending if lot.remaining and at <= now]
        if due and held and now < due[0][0] + _PATIENCE:
            return now + _WAITS
        if due:
            is_real = all(lot.livemode for _at, lot in due) or not _test_seconds(client_id)
            ledger.post_batch([_movement(lot, at, livemode=lot.livemode or is_real) for at, lot in due])
            lots.lay_out(client_id)
    return min((at for each in ending if (at := _next_look(*each, now))), default=None)


def coming(client_id: UUID, now: datetime) -> list[Coming]:
    """What of the client's credits will expire, the soonest first. One query for a client who never bought such."""
    if not _with_an_end().filter(client_id=client_id).exists():
        return []
    left = [(lot.expires_at, lot.remaining) for lot in lots.standing(client_id) if lot.expires_at and lot.remaining]
    alike = groupby((each for each in left if each[0] > now), lambda each: each[0])
    return [Coming(sum(seconds for _at, seconds in each), at) for at, each in alike]


def clients_to_look_at() -> list[UUID]:
    """Clients of whose credits something may expire, whenever that is."""
    found = _with_an_end().filter(client__wallet__balance__gt=0)
    return list(found.order_by("client_id").values_list("client_id", flat=True).distinct())


def _with_an_end() -> QuerySet[Purchase]:
    return Purchase.objects.filter(lifetime_days__isnull=False, paid_at__isnull=False)


def _test_seconds(client_id: UUID) -> int:
    """What test entries sum to. Nothing means that no test credits are left: what a test lot still holds, test calls
    took from a real one, and it expires as that."""
    entries = LedgerEntry.objects.filter(wallet_id=client_id, livemode=False)
    return entries.aggregate(total=Sum("amount"))["total"] or 0


def _movement(lot: Lot, at: datetime, *, livemode: bool) -> ledger.Movement:
    """What takes the rest of a lot. Its key is the lot's, so there is one for each lot."""
    return ledger.Movement(
        client_id=lot.wallet_id,
        amount=-lot.remaining,
        kind=LedgerEntry.Kind.EXPIRY,
        source=SOURCE,
        source_id=f"{lot.wallet_id}/{lot.version}",
        fact={"lot": lot.version, "expires_at": at.isoformat()},
        livemode=livemode,
        actor=_BY_PORTAL,
        reason=lot.purchase.package_name if lot.purchase else "",
    )


def _next_look(at: datetime, lot: Lot, now: datetime) -> datetime | None:
    if at > now:
        return at
    if lot.remaining or now >= at + _LATE_LOOKS_UNTIL:
        return None
    return now + _LATE_LOOKS_EVERY
