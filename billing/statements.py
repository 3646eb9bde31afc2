"""Reads a client's entries by what they are and when they were booked. Nothing is counted and nothing is skipped over:
a page of a long history costs what a page of a short one does, under any one filter. Reads only.

Two facts carry it, both held by triggers: versions have no gap, and no entry is booked before the one below it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet, Sum

from billing.models import ADDING, EITHER, TAKING, LedgerEntry

Kind = LedgerEntry.Kind

# Halving finds the first entry booked at a moment or later: twenty looks among a million, without an index on times.
_FIRST_AT = """
WITH RECURSIVE search (bound, at, low, high) AS (
  SELECT b.bound, b.at, 1::bigint, w.version + 1
    FROM billing_wallet w, (VALUES (1, %(from)s::timestamptz), (2, %(until)s::timestamptz)) AS b (bound, at)
   WHERE w.client_id = %(wallet)s
  UNION ALL
  SELECT bound, at, CASE WHEN is_before THEN middle + 1 ELSE low END, CASE WHEN is_before THEN high ELSE middle END
    FROM (SELECT s.bound, s.at, s.low, s.high, (s.low + s.high) / 2 AS middle,
                 (SELECT e.created_at FROM billing_ledgerentry e
                   WHERE e.wallet_id = %(wallet)s AND e.version = (s.low + s.high) / 2) < s.at AS is_before
            FROM search s WHERE s.low < s.high) AS halved
)
SELECT low, coalesce((SELECT e.balance_after FROM billing_ledgerentry e
                       WHERE e.wallet_id = %(wallet)s AND e.version = low - 1), 0)
  FROM search WHERE low = high ORDER BY bound
"""


@dataclass(frozen=True, slots=True)
class Span:
    """The entries from version `first` to version `last`, and the balance before and after them, in seconds.

    `last` is `first - 1` when there are none.
    """

    first: int
    last: int
    opening: int
    closing: int


@dataclass(frozen=True, slots=True)
class Sums:
    """Seconds that came in (not negative) and went out (not positive)."""

    added: int
    taken: int


@dataclass(frozen=True, slots=True)
class Moves:
    """Entries of these kinds that add, and of these kinds that take."""

    adding: tuple[Kind, ...]
    taking: tuple[Kind, ...]


def moves(kinds: Iterable[Kind] = tuple(Kind), *, adding: bool = True, taking: bool = True) -> Moves:
    """Entries of these kinds; of one direction alone when the other is switched off."""
    wanted = list(kinds)
    return Moves(
        tuple(kind for kind in wanted if adding and kind not in TAKING),
        tuple(kind for kind in wanted if taking and kind not in ADDING),
    )


def span(client_id: UUID, *, from_at: datetime, until_at: datetime) -> Span:
    """What was booked from one moment until just before another one."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_AT, {"wallet": client_id, "from": from_at, "until": until_at})
        found = cursor.fetchall() or [(1, 0), (1, 0)]
    (first, opening), (behind, closing) = found
    return Span(first, behind - 1, opening, closing)


def sums(client_id: UUID, within: Span) -> Sums:
    """What came in and went out: what came in is summed, the rest follows from the balances."""
    entries = _between(client_id, within.first - 1, within.last + 1)
    found = entries.filter(amount__gt=0, kind__in=[*ADDING, *EITHER]).aggregate(added=Sum("amount"))
    added = int(found["added"] or 0)
    return Sums(added, within.closing - within.opening - added)


def read(
    client_id: UUID,
    *,
    only: Moves | None = None,
    after: int | None = None,
    before: int | None = None,
    oldest_first: bool = False,
    limit: int,
) -> list[LedgerEntry]:
    """Entries with a version above `after` and below `before`, newest first unless told otherwise; `only` some of them.

    Each kind and direction is a walk along its own stretch of an index, and the walks are merged.
    """
    order = "version" if oldest_first else "-version"
    entries = _between(client_id, after, before).order_by(order)
    if only is None:
        return list(entries[:limit])
    walks = [entries.filter(kind=kind, amount__gt=0)[:limit] for kind in only.adding]
    walks += [entries.filter(kind=kind, amount__lt=0)[:limit] for kind in only.taking]
    if len(walks) < 2:
        return list(walks[0]) if walks else []
    return list(walks[0].union(*walks[1:], all=True).order_by(order)[:limit])


def began_at(client_id: UUID) -> datetime | None:
    """When the client's first entry was booked; None before there is one."""
    return LedgerEntry.objects.filter(wallet_id=client_id, version=1).values_list("created_at", flat=True).first()


def _between(client_id: UUID, after: int | None, before: int | None) -> QuerySet[LedgerEntry]:
    wanted = Q(wallet_id=client_id)
    if after is not None:
        wanted &= Q(version__gt=after)
    if before is not None:
        wanted &= Q(version__lt=before)
    return LedgerEntry.objects.filter(wanted)
