"""A client's statement, line by line, each explained by the call or the purchase behind it. Reads only."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db.models import Q

from billing import lots, statements
from billing.models import LedgerEntry, Purchase
from billing.statements import Moves, Span
from calls import identity
from calls.models import Call

Kind = LedgerEntry.Kind
_OF_CALLS = (Kind.USAGE, Kind.USAGE_CORRECTION)
_OF_PAYMENTS = (Kind.PURCHASE, Kind.REFUND, Kind.REFUND_REVERSAL, Kind.DISPUTE, Kind.DISPUTE_WON)
_OF_CORRECTIONS = (Kind.USAGE_CORRECTION, Kind.REVERSAL, Kind.TEST_REVERSAL)
LINES_AT_A_TIME = 500
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


class Show(StrEnum):
    """Which movements of a statement are shown."""

    ALL = "all"
    ADDED = "in"
    TAKEN = "out"
    CALLS = "calls"
    PAYMENTS = "payments"
    GIVEN = "given"
    EXPIRED = "expired"
    CORRECTIONS = "corrections"


_MOVES: dict[Show, Moves | None] = {
    Show.ALL: None,
    Show.ADDED: statements.moves(taking=False),
    Show.TAKEN: statements.moves(adding=False),
    Show.CALLS: statements.moves(_OF_CALLS),
    Show.PAYMENTS: statements.moves(_OF_PAYMENTS),
    # With what undid them, so that the lines add up to what was given.
    Show.GIVEN: statements.moves((Kind.ALLOCATION, Kind.WELCOME, Kind.REVERSAL)),
    Show.EXPIRED: statements.moves((Kind.EXPIRY,)),
    Show.CORRECTIONS: statements.moves(_OF_CORRECTIONS),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry with what it is about: a call, a purchase, the entry that it undoes; none of them for an allocation."""

    entry: LedgerEntry
    call: Call | None
    purchase: Purchase | None
    undone: LedgerEntry | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Lines, newest first, and the version to go on before; None on the last page."""

    lines: list[Line]
    older_before: int | None


def page(
    client_id: UUID,
    *,
    before_version: int | None = None,
    limit: int = 50,
    show: Show = Show.ALL,
    within: Span | None = None,
) -> Page:
    """A page of the statement in three queries, whatever the length of the ledger. `within` bounds it to a period."""
    after, before = _bounds(within)
    if before_version is not None:
        before = before_version if before is None else min(before, before_version)
    entries = statements.read(client_id, only=_MOVES[show], after=after, before=before, limit=limit + 1)
    shown = entries[:limit]
    return Page(explained(client_id, shown), shown[-1].version if len(entries) > limit else None)


def newer_before(
    client_id: UUID, *, before_version: int, limit: int = 50, show: Show = Show.ALL, within: Span | None = None
) -> int | None:
    """The version that the page above this one goes on before; None when that is the first page."""
    _after, behind = _bounds(within)
    above = statements.read(
        client_id, only=_MOVES[show], after=before_version - 1, before=behind, oldest_first=True, limit=limit + 1
    )
    return above[limit].version if len(above) > limit else None


def part(
    client_id: UUID, *, within: Span, after_version: int = 0, limit: int, show: Show = Show.ALL
) -> tuple[list[Line], int | None]:
    """Lines of a period above a version, oldest first, and the version the next part starts above; None at the end."""
    after = max(within.first - 1, after_version)
    found = statements.read(
        client_id, only=_MOVES[show], after=after, before=within.last + 1, oldest_first=True, limit=limit + 1
    )
    shown = found[:limit]
    return explained(client_id, shown), shown[-1].version if len(found) > limit else None


def every_line(client_id: UUID, *, within: Span, show: Show = Show.ALL) -> Iterator[Line]:
    """Every line of a period, oldest first, read some at a time: memory does not grow with the ledger.

    What is booked meanwhile lies above the period's last version, so all of it is of one moment.
    """
    after: int | None = 0
    while after is not None:
        lines, after = part(client_id, after_version=after, limit=LINES_AT_A_TIME, show=show, within=within)
        yield from lines


def explained(client_id: UUID, entries: list[LedgerEntry]) -> list[Line]:
    """These entries with the calls, purchases and entries they are about, in at most three queries."""
    calls = _calls(client_id, [entry for entry in entries if entry.kind in _OF_CALLS])
    purchases = _purchases(client_id, [entry for entry in entries if entry.kind == Kind.PURCHASE])
    undone = _undone(client_id, entries)
    return [
        Line(entry, calls.get(_call_id(entry)), purchases.get(entry.source_id), undone.get(entry.version))
        for entry in entries
    ]


def of_call(call: Call) -> list[LedgerEntry]:
    """The entries of one call, oldest first: what it took, and each correction."""
    own = Q(kind=Kind.USAGE, source_id=call.ledger_id)
    corrections = [f"{call.ledger_id}#{number}" for number in range(1, call.corrections + 1)]
    own |= Q(kind=Kind.USAGE_CORRECTION, source_id__in=corrections)
    return list(LedgerEntry.objects.filter(own, source="hms").order_by("version"))


def _bounds(within: Span | None) -> tuple[int | None, int | None]:
    """The versions that a period lies between."""
    return (None, None) if within is None else (within.first - 1, within.last + 1)


def _call_id(entry: LedgerEntry) -> str:
    """A correction is keyed `<call id>#<n>`."""
    return entry.source_id.rsplit("#", 1)[0] if entry.kind == Kind.USAGE_CORRECTION else entry.source_id


def _undone(client_id: UUID, entries: list[LedgerEntry]) -> dict[int, LedgerEntry]:
    """By the version of the entry that undoes it."""
    versions = {entry.version: lots.of_version(entry) for entry in entries if entry.kind == Kind.REVERSAL}
    if not versions:
        return {}
    found = LedgerEntry.objects.filter(wallet_id=client_id, version__in=filter(None, versions.values()))
    by_version = {entry.version: entry for entry in found}
    return {undoing: by_version[of] for undoing, of in versions.items() if of in by_version}


def _calls(client_id: UUID, entries: list[LedgerEntry]) -> dict[str, Call]:
    if not entries:
        return {}
    ids = {_call_id(entry) for entry in entries}
    found = Call.objects.filter(identity.of_entries(ids), organization__client_id=client_id)
    return {call.ledger_id: call for call in found}


def _purchases(client_id: UUID, entries: list[LedgerEntry]) -> dict[str, Purchase]:
    """By the id that keys their entries; an entry under any other key is about no purchase."""
    ids = {entry.source_id for entry in entries if _UUID.match(entry.source_id)}
    if not ids:
        return {}
    return {str(bought.pk): bought for bought in Purchase.objects.filter(client_id=client_id, pk__in=ids)}
