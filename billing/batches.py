"""Booking many movements in few statements, with the same entries, digests and outcomes as one posting after another.

Wallets are locked in the order of their ids, so that two batches wait for each other and never in a circle.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, connection, transaction

from billing.movements import Key, Movement, actor_text, digest, fact_hash

_OPEN = """
INSERT INTO billing_wallet (client_id)
SELECT c.id FROM clients_client c
 WHERE c.id = ANY(%s) AND NOT EXISTS (SELECT FROM billing_wallet w WHERE w.client_id = c.id)
 ORDER BY c.id ON CONFLICT DO NOTHING
"""
_LOCK = """
SELECT client_id, balance, version, digest, greatest(clock_timestamp(), last_entry_at)
  FROM billing_wallet WHERE client_id = ANY(%s) ORDER BY client_id FOR NO KEY UPDATE
"""
# One kind and source at a time: an index serves this whatever the statistics say.
_STORED = """
SELECT source_id, wallet_id, fact_hash, version, amount, balance_after
  FROM billing_ledgerentry WHERE kind = %s AND source = %s AND source_id = ANY(%s)
"""
# Measured: 1,000 rows go in 1.6 times as fast as with INSERT ... SELECT unnest(), whose arrays have to be quoted.
_COPY = """
COPY billing_ledgerentry (wallet_id, version, amount, balance_after, kind, source, source_id, fact_hash,
                          livemode, actor, reason, event_at, created_at, digest) FROM STDIN
"""
_CONFLICT = """
INSERT INTO billing_conflict (id, wallet_id, kind, source, source_id, amount, fact_hash, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, clock_timestamp()) ON CONFLICT DO NOTHING
"""
_KEY = "ledger_entry_once_per_fact"


class NoSuchClient(LookupError):
    """A movement names a client that this agency does not have."""


class Outcome(StrEnum):
    POSTED = "posted"
    REPLAYED = "replayed"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Posting:
    """What became of a movement: the entry as it is stored, also for a replay.

    After a conflict `amount` is 0, and version and balance are those at which the wallet stands.
    """

    outcome: Outcome
    version: int
    amount: int
    balance_after: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """A movement with what can be worked out before anything is locked."""

    movement: Movement
    key: Key
    fact: bytes


@dataclass(slots=True)
class _Wallet:
    balance: int
    version: int
    digest: bytes
    booked_at: datetime


@dataclass(frozen=True, slots=True)
class _Known:
    """What a key stands for already."""

    client_id: UUID
    fact: bytes
    version: int
    amount: int
    balance_after: int


@dataclass(slots=True)
class _Laid:
    """A batch laid out on its wallets, to be written."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)
    conflicts: list[tuple[Any, ...]] = field(default_factory=list)
    postings: list[Posting] = field(default_factory=list)


def book(movements: Sequence[Movement]) -> list[Posting]:
    """Book checked movements inside the caller's transaction. Raises NoSuchClient."""
    clients = sorted({movement.client_id for movement in movements})
    asked = [_Asked(movement, movement.key, fact_hash(movement.fact)) for movement in movements]
    locked = _lock(clients)
    try:
        return _book_on(locked, asked)
    except IntegrityError as error:
        # A key that another transaction has just booked on another wallet, which our locks do not keep still. It is
        # there to be read now.
        if _KEY not in str(error):
            raise
        return _book_on(locked, asked)


def _lock(clients: list[UUID]) -> dict[UUID, tuple[int, int, bytes, datetime]]:
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [clients])
        cursor.execute(_LOCK, [clients])
        locked = {row[0]: (row[1], row[2], bytes(row[3]), row[4]) for row in cursor.fetchall()}
    for client_id in clients:
        if client_id not in locked:
            raise NoSuchClient(f"there is no client {client_id}")
    return locked


def _book_on(locked: dict[UUID, tuple[int, int, bytes, datetime]], asked: Sequence[_Asked]) -> list[Posting]:
    wallets = {client_id: _Wallet(*stand) for client_id, stand in locked.items()}
    laid = _lay(wallets, asked, _stored(each.key for each in asked))
    with transaction.atomic(), connection.cursor() as cursor:
        if laid.rows:
            with connection.wrap_database_errors, cursor.copy(_COPY) as copy:
                for row in laid.rows:
                    copy.write_row(row)
        for conflict in laid.conflicts:
            cursor.execute(_CONFLICT, conflict)
    return laid.postings


def _stored(keys: Iterable[Key]) -> dict[Key, _Known]:
    wanted: dict[tuple[str, str], set[str]] = defaultdict(set)
    for kind, source, source_id in keys:
        wanted[kind, source].add(source_id)
    known = {}
    with connection.cursor() as cursor:
        for (kind, source), source_ids in wanted.items():
            cursor.execute(_STORED, [kind, source, list(source_ids)])
            for source_id, client_id, fact, *figures in cursor.fetchall():
                known[kind, source, source_id] = _Known(client_id, bytes(fact), *figures)
    return known


def _lay(wallets: dict[UUID, _Wallet], asked: Sequence[_Asked], known: dict[Key, _Known]) -> _Laid:
    laid = _Laid()
    for each in asked:
        movement, key, fact = each.movement, each.key, each.fact
        wallet = wallets[movement.client_id]
        before = known.get(key)
        if before is None:
            laid.rows.append(_advance(wallet, each))
            known[key] = _Known(movement.client_id, fact, wallet.version, movement.amount, wallet.balance)
            posting = Posting(Outcome.POSTED, wallet.version, movement.amount, wallet.balance)
        elif (before.client_id, before.fact) == (movement.client_id, fact):
            posting = Posting(Outcome.REPLAYED, before.version, before.amount, before.balance_after)
        else:
            laid.conflicts.append((uuid4(), movement.client_id, *key, movement.amount, fact))
            posting = Posting(Outcome.CONFLICT, wallet.version, 0, wallet.balance)
        laid.postings.append(posting)
    return laid


def _advance(wallet: _Wallet, asked: _Asked) -> tuple[Any, ...]:
    """Move the wallet by the movement and return the entry's columns."""
    movement, key, fact = asked.movement, asked.key, asked.fact
    wallet.version += 1
    wallet.balance += movement.amount
    actor = actor_text(movement.actor)
    event_at = movement.event_at or wallet.booked_at
    wallet.digest = digest(
        wallet.digest,
        client_id=movement.client_id,
        version=wallet.version,
        amount=movement.amount,
        balance_after=wallet.balance,
        key=key,
        fact=fact,
        livemode=movement.livemode,
        actor=actor,
        reason=movement.reason,
        event_at=event_at,
        created_at=wallet.booked_at,
    )
    return (
        movement.client_id,
        wallet.version,
        movement.amount,
        wallet.balance,
        *key,
        fact,
        movement.livemode,
        actor,
        movement.reason,
        event_at,
        wallet.booked_at,
        wallet.digest,
    )
