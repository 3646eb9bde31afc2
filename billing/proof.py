"""Proves an agency's ledger from its rows alone: every wallet is what its entries say, every entry is what was booked.

Rules: I1 versions without a gap, and sums; I2 running balance; I3 sign and kind; I4 one entry for a key; I6 hash chain;
I7 times in order; I8 held seconds, as far as the caller says what running calls hold (calls lie above this package);
I9 lots, where they are laid out, are what the entries make of them and hold what the balance held.
I5, one agency for everything, holds by the schema. Whoever switches triggers off and rewrites a chain to its end, the
wallet included, leaves nothing to find here: only a copy of a digest that is kept elsewhere would tell.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from billing import lots, wallets
from billing.models import ADDING, EITHER, TAKING
from billing.movements import digest

WALLETS_A_PAGE = 500
ENTRIES_A_PAGE = 2_000
# An event may be this much younger than its booking: the clocks of others are not ours.
SKEW = timedelta(minutes=5)
_BEFORE_ALL = UUID(int=0)

# One statement sees one moment: a wallet is compared with the entries it had when it was read.
_WALLETS = """
SELECT w.client_id, w.balance, w.held, w.version, w.digest, w.last_entry_at,
       (SELECT max(e.version) FROM billing_ledgerentry e WHERE e.wallet_id = w.client_id)
  FROM billing_wallet w WHERE w.client_id > %s ORDER BY w.client_id LIMIT %s
"""
_ENTRIES = """
SELECT wallet_id, version, amount, balance_after, kind, source, source_id, fact_hash, livemode, actor::text, reason,
       event_at, created_at, digest
  FROM billing_ledgerentry WHERE (wallet_id, version) > (%s, %s) AND wallet_id <= %s
 ORDER BY wallet_id, version LIMIT %s
"""
_STRAYS = """
SELECT e.wallet_id, min(e.version) FROM billing_ledgerentry e
 WHERE NOT EXISTS (SELECT FROM billing_wallet w WHERE w.client_id = e.wallet_id) GROUP BY e.wallet_id ORDER BY 1
"""

_TWICE = """
SELECT wallet_id, version FROM (
  SELECT wallet_id, version, row_number() OVER (PARTITION BY kind, source, source_id ORDER BY created_at, version) AS n
    FROM billing_ledgerentry) AS keyed WHERE n > 1
"""

_LAID_OUT = """
SELECT w.client_id FROM billing_wallet w WHERE w.client_id = ANY(%s)
   AND (w.lots_version > 0 OR EXISTS (SELECT FROM billing_lot l WHERE l.wallet_id = w.client_id)) ORDER BY 1
"""

# Seconds that open holds set aside, for those of these clients who have any.
OpenHolds = Callable[[Sequence[UUID]], Mapping[UUID, int]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it has to be. `version` is None when it concerns the wallet and no single entry."""

    rule: str
    client_id: UUID
    version: int | None
    words: str


@dataclass(slots=True)
class Report:
    """What was looked at, what is wrong, and how many conflicts wait for somebody to look."""

    wallets: int = 0
    entries: int = 0
    open_conflicts: int = 0
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Wallet:
    client_id: UUID
    balance: int
    held: int
    version: int
    digest: bytes
    last_entry_at: datetime | None
    newest: int | None


@dataclass(frozen=True, slots=True)
class _Entry:
    client_id: UUID
    version: int
    amount: int
    balance_after: int
    kind: str
    source: str
    source_id: str
    fact: bytes
    livemode: bool
    actor: str
    reason: str
    event_at: datetime
    created_at: datetime
    digest: bytes


@dataclass(slots=True)
class _Stand:
    """Where the walk along one wallet's entries has come to."""

    version: int = 0
    balance: int = 0
    total: int = 0
    digest: bytes = bytes(32)
    at: datetime | None = None


def verify(*, open_holds: OpenHolds | None = None, progress: Callable[[Report], None] = lambda report: None) -> Report:
    """Walk along every entry of the current agency. `progress` is called after each page of wallets.

    Reads in pages and locks nothing, except a wallet whose `held` does not fit: it is compared again when it is still.
    """
    report = Report()
    last = _BEFORE_ALL
    while page := _wallets_after(last):
        last = page[-1].client_id
        _walk(page, report)
        report.wallets += len(page)
        report.findings += _lots_wrong(page)
        if open_holds is not None:
            report.findings += _held_wrong(page, open_holds)
        progress(report)
    report.findings += _beyond_wallets()
    report.open_conflicts = _count_conflicts()
    return report


def _wallets_after(client_id: UUID) -> list[_Wallet]:
    with connection.cursor() as cursor:
        cursor.execute(_WALLETS, [client_id, WALLETS_A_PAGE])
        return [_Wallet(*row) for row in cursor.fetchall()]


def _entries_of(page: Sequence[_Wallet]) -> Iterator[_Entry]:
    position, last = (page[0].client_id, 0), page[-1].client_id
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_ENTRIES, [*position, last, ENTRIES_A_PAGE])
            rows = cursor.fetchall()
        yield from (_Entry(*row) for row in rows)
        if len(rows) < ENTRIES_A_PAGE:
            return
        position = rows[-1][0], rows[-1][1]


def _walk(page: Sequence[_Wallet], report: Report) -> None:
    by_id = {wallet.client_id: wallet for wallet in page}
    stands = {wallet.client_id: _Stand() for wallet in page}
    for entry in _entries_of(page):
        wallet = by_id.get(entry.client_id)
        # What is newer than the wallet as it was read was booked in between, and is looked at next time.
        if wallet is None or entry.version > max(wallet.version, wallet.newest or 0):
            continue
        report.entries += 1
        stand = stands[entry.client_id]
        report.findings += [
            Finding(rule, entry.client_id, entry.version, words) for rule, words in _wrong_in(entry, stand)
        ]
        stand.version, stand.balance, stand.digest = entry.version, entry.balance_after, entry.digest
        stand.total += entry.amount
        stand.at = entry.created_at
    for wallet in page:
        report.findings += [
            Finding(rule, wallet.client_id, None, words)
            for rule, words in _wrong_with(wallet, stands[wallet.client_id])
        ]


def _wrong_in(entry: _Entry, stand: _Stand) -> Iterator[tuple[str, str]]:
    if entry.version != stand.version + 1:
        yield "I1", f"follows version {stand.version}"
    if entry.balance_after != stand.balance + entry.amount:
        yield "I2", f"balance {entry.balance_after} is not {stand.balance} and {entry.amount}"
    if not _fits(entry):
        yield "I3", f"{entry.amount} s is no amount for {entry.kind}"
    if _digest_of(entry, stand.digest) != entry.digest:
        yield "I6", "the digest does not fit: this entry, or one before it, is not what was booked"
    if stand.at is not None and entry.created_at < stand.at:
        yield "I7", "older than the entry before it"
    if entry.event_at > entry.created_at + SKEW:
        yield "I7", "happened after it was booked"


def _fits(entry: _Entry) -> bool:
    if entry.amount == 0:
        return False
    return entry.kind in EITHER or entry.kind in (ADDING if entry.amount > 0 else TAKING)


def _digest_of(entry: _Entry, previous: bytes) -> bytes:
    return digest(
        previous,
        client_id=entry.client_id,
        version=entry.version,
        amount=entry.amount,
        balance_after=entry.balance_after,
        key=(entry.kind, entry.source, entry.source_id),
        fact=entry.fact,
        livemode=entry.livemode,
        actor=entry.actor,
        reason=entry.reason,
        event_at=entry.event_at,
        created_at=entry.created_at,
    )


def _wrong_with(wallet: _Wallet, stand: _Stand) -> Iterator[tuple[str, str]]:
    if wallet.version != stand.version:
        yield "I1", f"version {wallet.version}, newest entry {stand.version}"
    if wallet.balance != stand.total:
        yield "I1", f"balance {wallet.balance}, sum of entries {stand.total}"
    if wallet.balance != stand.balance:
        yield "I2", f"balance {wallet.balance}, after the newest entry {stand.balance}"
    if wallet.digest != stand.digest:
        yield "I6", "the wallet's digest is not that of its newest entry"
    if wallet.last_entry_at != stand.at:
        yield "I7", "the wallet's time is not that of its newest entry"
    if wallet.held < 0:
        yield "I8", f"{wallet.held} s held"


def _held_wrong(page: Sequence[_Wallet], open_holds: OpenHolds) -> Iterator[Finding]:
    holds = open_holds([wallet.client_id for wallet in page])
    for wallet in page:
        if wallet.held == holds.get(wallet.client_id, 0):
            continue
        with transaction.atomic():
            held = wallets.lock(wallet.client_id).held
            holding = open_holds([wallet.client_id]).get(wallet.client_id, 0)
        if held != holding:
            yield Finding("I8", wallet.client_id, None, f"{held} s held, open holds have {holding} s")


def _lots_wrong(page: Sequence[_Wallet]) -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(_LAID_OUT, [[wallet.client_id for wallet in page]])
        laid_out = [row[0] for row in cursor.fetchall()]
    for client_id in laid_out:
        yield from (Finding("I9", client_id, version, words) for version, words in lots.wrong(client_id))


def _beyond_wallets() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(_STRAYS)
        for client_id, version in cursor.fetchall():
            yield Finding("I1", client_id, version, "there is no wallet for this entry")
        cursor.execute(_TWICE)
        for client_id, version in cursor.fetchall():
            yield Finding("I4", client_id, version, "its key was booked before")


def _count_conflicts() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM billing_conflict WHERE resolved_at IS NULL")
        return int(cursor.fetchone()[0])
