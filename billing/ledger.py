"""The ledger: the one place that books seconds. A movement is booked once, whatever comes twice, late or side by side.

A key (kind, source, source_id) stands for one outside fact. The same key with the same fact is a replay and returns the
stored entry; with another fact it is a conflict: nothing is booked and a Conflict row says so. Whether a balance allows
something is asked before, by whoever starts it: what has happened is always booked, also below zero.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from billing import batches, statements
from billing.batches import NoSuchClient, Outcome, Posting
from billing.models import LedgerEntry
from billing.movements import (
    AmountIsNotAWholeNumber,
    AmountIsZero,
    AmountOutOfBounds,
    Fact,
    FactIsNotExact,
    Movement,
    TextDoesNotFit,
    TimeWithoutZone,
    actor_text,
    check,
    fact_hash,
)
from tenancy.wire import connection

__all__ = [
    "AmountIsNotAWholeNumber",
    "AmountIsZero",
    "AmountOutOfBounds",
    "Fact",
    "FactIsNotExact",
    "Movement",
    "NoSuchClient",
    "Outcome",
    "Posting",
    "TextDoesNotFit",
    "TimeWithoutZone",
    "entry",
    "fact_hash",
    "post",
    "post_batch",
    "statement",
]

log = logging.getLogger(__name__)
_POST = """
SELECT outcome, version, amount, balance_after
  FROM ledger_post(%s::uuid, %s::bigint, %s::text, %s::text, %s::text, %s::bytea, %s::bool, %s::jsonb, %s::text,
                   %s::timestamptz)
"""
_NO_SUCH_ROW = "23503"


def post(
    *,
    client_id: UUID,
    amount: int,
    kind: LedgerEntry.Kind,
    source: str,
    source_id: str,
    fact: Fact,
    livemode: bool,
    actor: Mapping[str, str],
    reason: str = "",
    event_at: datetime | None = None,
) -> Posting:
    """Book one movement in one statement, in the caller's transaction or in its own. Makes the wallet when needed.

    Seconds, signed. Raises AmountIsNotAWholeNumber, AmountIsZero, AmountOutOfBounds, TextDoesNotFit, TimeWithoutZone or
    FactIsNotExact before anything is asked; NoSuchClient; IntegrityError for a sign that does not fit the kind.
    """
    movement = Movement(client_id, amount, kind, source, source_id, fact, livemode, actor, reason, event_at)
    check(movement)
    values = [client_id, amount, *movement.key, fact_hash(fact), livemode, actor_text(actor), reason, event_at]
    try:
        outcome, version, moved, balance_after = connection.ask_prepared(_POST, values)
    except IntegrityError as error:
        if getattr(error.__cause__, "sqlstate", None) == _NO_SUCH_ROW:
            raise NoSuchClient(f"there is no client {client_id}") from error
        raise
    posting = Posting(Outcome(outcome), version, moved, balance_after)
    _alarm([movement], [posting])
    return posting


def post_batch(movements: Sequence[Movement]) -> list[Posting]:
    """Book many movements at once, in the caller's transaction or in one of its own: all of them or none.

    Answers in the order of `movements`; a key that stands in them twice is a replay or a conflict the second time.
    Raises what `post` raises.
    """
    for movement in movements:
        check(movement)
    if not movements:
        return []
    with transaction.atomic():
        postings = batches.book(movements)
    _alarm(movements, postings)
    return postings


def _alarm(movements: Sequence[Movement], postings: Sequence[Posting]) -> None:
    # Source ids may hold a caller's number and stay out of the log: the Conflict row has them.
    for movement, posting in zip(movements, postings, strict=True):
        if posting.outcome is Outcome.CONFLICT:
            log.error("ledger conflict: a %s of wallet %s came with another fact", movement.kind, movement.client_id)


def statement(
    client_id: UUID,
    *,
    before_version: int | None = None,
    limit: int = 50,
    kinds: Iterable[LedgerEntry.Kind] | None = None,
) -> list[LedgerEntry]:
    """The client's newest entries, newest first; of these kinds only, and older than `before_version`, when given.

    Pages by version and never counts, so that a page of a long history costs what a page of a short one does.
    """
    only = None if kinds is None else statements.moves(kinds)
    return statements.read(client_id, only=only, before=before_version, limit=limit)


def entry(client_id: UUID, version: int) -> LedgerEntry:
    """The client's entry of this version. Raises LedgerEntry.DoesNotExist."""
    return LedgerEntry.objects.get(wallet_id=client_id, version=version)
