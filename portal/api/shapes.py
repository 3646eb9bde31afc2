"""What a program reads of calls and movements: whole seconds, credits as text, times in UTC, numbers masked."""

from datetime import UTC, datetime
from typing import Any

from billing.models import LedgerEntry, Wallet
from calls import choosing, obstacles, rating
from calls.export import in_credits
from calls.models import Call
from calls.statement import Line
from organizations.assistants import Assistant, Number
from portal import wording
from portal.templatetags.figures import masked_phone


def balance(wallet: Wallet) -> dict[str, Any]:
    """What there is, what running calls have set aside, what a new one could use; and why none would start."""
    return {
        "balance_seconds": wallet.balance,
        "held_seconds": wallet.held,
        "available_seconds": wallet.available,
        "balance_credits": in_credits(wallet.balance),
        "available_credits": in_credits(wallet.available),
        "obstacle": obstacles.obstacle(wallet),
    }


def call(found: Call) -> dict[str, Any]:
    """One call with what it took; null for what is not known yet."""
    billed = found.billed_seconds if found.booked_at else None
    return {
        "id": str(found.pk),
        "direction": found.direction or None,
        "status": rating.normal(found.status),
        "outcome": choosing.outcome_of(found.status).value,
        "number": masked_phone(found.customer_number) if found.customer_number else None,
        "own_number": found.own_number or None,
        "assistant": found.assistant_name or None,
        "placed_at": found.placed_at.astimezone(UTC).isoformat(),
        "started_at": _iso(found.started_at),
        "ended_at": _iso(found.ended_at),
        "seconds_talked": found.measured_seconds,
        "seconds_billed": billed,
        "rounded_to_seconds": int(found.rounding) if found.booked_at else None,
        "credits": None if billed is None else in_credits(billed),
        "is_counted": found.booked_at is not None,
    }


def receipt(found: Call, entries: list[LedgerEntry]) -> dict[str, Any]:
    """The call with the balance after its last entry."""
    return {**call(found), "balance_after_seconds": entries[-1].balance_after if entries else None}


def movement(line: Line, *, agency_name: str) -> dict[str, Any]:
    """One movement of the balance, in the words of the statement."""
    entry = line.entry
    _icon, what, details = wording.explained(line, agency_name=agency_name)
    return {
        "number": entry.version,
        "kind": entry.kind,
        "what": what,
        "details": details,
        "seconds": entry.amount,
        "credits": in_credits(entry.amount),
        "balance_seconds": entry.balance_after,
        "booked_at": entry.created_at.astimezone(UTC).isoformat(),
        "happened_at": entry.event_at.astimezone(UTC).isoformat(),
        "call_id": str(line.call.pk) if line.call else None,
        "purchase_id": str(line.purchase.pk) if line.purchase else None,
        "is_test": not entry.livemode,
    }


def assistant(found: Assistant) -> dict[str, Any]:
    """Who can make a call."""
    return {
        "id": found.id,
        "name": found.name,
        "is_active": found.is_active,
        "max_duration_seconds": found.max_duration_seconds,
    }


def number(found: Number) -> dict[str, Any]:
    """Which number a call can come from."""
    return {"id": found.id, "phone_number": found.phone_number, "name": found.name or None}


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()
