"""What can be booked, and what an entry's digest is made of. Pure: nothing here asks the database.

A movement is refused here before anything is written, so that no posting fails half-way for its shape.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

from billing.models import LedgerEntry

MOST_SECONDS = 10**12
_LONGEST_SOURCE = 20
_LONGEST_TEXT = 300
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# One encoder for all: json.dumps makes one each time it is asked for something special.
_fact_text = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode

Fact = Mapping[str, str | int | bool | None]
Key = tuple[str, str, str]


class AmountIsNotAWholeNumber(TypeError):
    """Seconds are integers; neither a float nor a boolean is an amount."""


class AmountIsZero(ValueError):
    """An entry moves something."""


class AmountOutOfBounds(ValueError):
    """No single movement is larger than MOST_SECONDS."""


class TextDoesNotFit(ValueError):
    """A text of a movement is empty where it must not be, too long, or holds a NUL."""


class TimeWithoutZone(ValueError):
    """A time that does not say which zone it means is no point in time."""


class FactIsNotExact(TypeError):
    """A fact holds something other than texts, whole numbers, booleans and None."""


@dataclass(frozen=True, slots=True)
class Movement:
    """What is to be booked: `amount` seconds, signed, because of an outside fact.

    `event_at` is when it happened; None means when it is booked. `actor` is {"kind", "id", "email"} of who did it.
    """

    client_id: UUID
    amount: int
    kind: LedgerEntry.Kind
    source: str
    source_id: str
    fact: Fact
    livemode: bool
    actor: Mapping[str, str]
    reason: str = ""
    event_at: datetime | None = None

    @property
    def key(self) -> Key:
        """What the movement is known by: one key is booked once."""
        return self.kind.value, self.source, self.source_id


def check(movement: Movement) -> None:
    """Refuse a movement that could not be booked exactly, with the exception named after what is wrong."""
    amount = movement.amount
    if type(amount) is not int:
        raise AmountIsNotAWholeNumber(f"{amount!r} is not a whole number of seconds")
    if amount == 0:
        raise AmountIsZero("an entry moves at least one second")
    if abs(amount) > MOST_SECONDS:
        raise AmountOutOfBounds(f"{amount} s is more than one entry may move")
    if movement.event_at is not None and movement.event_at.utcoffset() is None:
        raise TimeWithoutZone(f"{movement.event_at} has no zone")
    _check_text("source", movement.source, _LONGEST_SOURCE)
    _check_text("source_id", movement.source_id, _LONGEST_TEXT)
    _check_text("reason", movement.reason or "-", _LONGEST_TEXT)
    _check_text("actor", " ".join(movement.actor.values()) or "-", 2 * _LONGEST_TEXT)


def _check_text(name: str, text: str, longest: int) -> None:
    if not 0 < len(text) <= longest or "\0" in text:
        raise TextDoesNotFit(f"{name} has to be 1 to {longest} characters long: {text[:40]!r}")


def fact_hash(fact: Fact) -> bytes:
    """SHA-256 of the fact, the same for every order of its names. Raises FactIsNotExact."""
    for name, value in fact.items():
        if type(name) is not str or type(value) not in (str, int, bool, type(None)):
            raise FactIsNotExact(f"{name!r}: {value!r} cannot be compared exactly")
    return sha256(_fact_text(dict(fact)).encode()).digest()


def actor_text(actor: Mapping[str, str]) -> str:
    """The actor as PostgreSQL writes it: jsonb sorts names by their length in bytes, then by their bytes."""
    return _actor_text(tuple(actor.items()))


@lru_cache(maxsize=256)
def _actor_text(items: tuple[tuple[str, str], ...]) -> str:
    in_order = sorted(items, key=lambda item: (len(item[0].encode()), item[0].encode()))
    return json.dumps(dict(in_order), ensure_ascii=False)


def digest(
    previous: bytes,
    *,
    client_id: UUID,
    version: int,
    amount: int,
    balance_after: int,
    key: Key,
    fact: bytes,
    livemode: bool,
    actor: str,
    reason: str,
    event_at: datetime,
    created_at: datetime,
) -> bytes:
    """An entry's digest: SHA-256 over that of the entry before it and a text that no other entry can have.

    `ledger_post` in ledger.sql makes the same. `fact` is the fact's hash, `actor` its canonical text.
    """
    kind, source, source_id = key
    text = (
        f"{client_id}\n{version}\n{amount}\n{balance_after}\n{kind}\n{source}\n{fact.hex()}\n"
        f"{'true' if livemode else 'false'}\n{microseconds(event_at)}\n{microseconds(created_at)}\n"
        f"{len(source_id)}\n{source_id}\n{len(reason)}\n{reason}\n{actor}"
    )
    return sha256(previous + text.encode()).digest()


def microseconds(at: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (at - _EPOCH) // _MICROSECOND
