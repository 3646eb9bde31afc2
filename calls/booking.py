"""Booking: what HMS said of some calls becomes their rows, their ledger entries and the end of their holds, together.

A call is booked once, when it is over and its time is known. If HMS changes the time later, the difference is booked as
a correction. Whatever is told twice, late or out of order, the sum of a call's entries is minus its billed seconds.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from billing import ledger, wallets
from billing.models import LedgerEntry
from calls import forgetting, holds, identity, rating
from calls.models import Call
from calls.rating import Terms
from hms_client import Call as HmsCall
from organizations.models import Organization
from tenancy import rows as rows_at_once

log = logging.getLogger(__name__)
_SOURCE = "hms"
_ACTOR = {"kind": "hms", "id": "", "email": ""}
_TOLD = [
    "hms_id",
    "status",
    "direction",
    "customer_number",
    "own_number",
    "assistant_name",
    "end_reason",
    "placed_at",
    "started_at",
    "ended_at",
    "measured_seconds",
]
# An answer with more calls than this is a backlog or a long look back, and seldom without news.
_USUAL = 100
_BOOKED = ["billed_seconds", "rounding", "cost_micro_per_minute", "corrections", "booked_at"]


@dataclass(frozen=True, slots=True)
class Booked:
    """What a batch did: calls that are new, entries posted, calls that another client's organization has already."""

    new: int = 0
    entries: int = 0
    elsewhere: tuple[HmsCall, ...] = ()

    def __add__(self, other: "Booked") -> "Booked":
        return Booked(self.new + other.new, self.entries + other.entries, self.elsewhere + other.elsewhere)


def book(
    *,
    organization: Organization,
    told: Sequence[HmsCall],
    terms: Terms,
    asked_at: datetime,
    private: Collection[str] = (),
) -> Booked:
    """Take in what HMS answered to a question asked at `asked_at`, in one transaction. An older answer than the one a
    call has already changes nothing. Seconds may fall below zero: what was talked is always taken. `private` are ids of
    new calls of which no number is kept.

    Most answers say what is known. Then nobody's wallet is locked.
    """
    hashed, ids = identity.hasher(), [call.id for call in told]
    if len(told) <= _USUAL and not holds.are_open(organization):
        known = identity.known(ids, hashed)
        if all(_repeats(organization, known.get(call.id), call, terms) for call in told):
            _heard(organization, known.values(), asked_at)
            return Booked(elsewhere=_elsewhere(organization, told, known))
    with transaction.atomic():
        wallets.lock(organization.client_id)
        known = identity.known(ids, hashed)
        mine = [call for call in told if _is_news(organization, known.get(call.id), asked_at)]
        new = [call for call in mine if call.id not in known]
        fresh = [_new_row(organization, call, hashed(call.id), is_private=call.id in private) for call in new]
        rows = {**known, **{call.id: row for call, row in zip(new, fresh, strict=True)}}
        before = {call.id: _facts(known[call.id]) for call in mine if call.id in known}
        for call in mine:
            _take_in(rows[call.id], call, asked_at)
        entries = _post(organization, [rows[call.id] for call in mine], terms, asked_at)
        settled = [call.id for call in mine if rows[call.id].booked_at is not None]
        if holds.are_open(organization):
            holds.adopt(organization=organization, told=new)
            holds.release(organization=organization, hms_call_ids=settled, now=asked_at)
        _hide(organization, [rows[hms_id] for hms_id in settled])
        rows_at_once.insert(fresh)
        _rewrite([(call.id, rows[call.id]) for call in mine if call.id in known], before, asked_at)
    return Booked(len(fresh), entries, _elsewhere(organization, told, known))


def _repeats(organization: Organization, row: Call | None, call: HmsCall, terms: Terms) -> bool:
    """Whether the answer says nothing of this call that is not known and booked. Another's call is not ours to book."""
    if row is None or row.organization_id != organization.pk:
        return row is not None
    then = copy(row)
    _take_in(then, call, row.asked_at)
    return _facts(then) == _facts(row) and _target(then, terms) in (None, row.billed_seconds)


def _heard(organization: Organization, known: Iterable[Call], asked_at: datetime) -> None:
    """Write down that HMS has said so again: an older answer that comes later is known for one."""
    ids = [row.pk for row in known]
    Call.objects.filter(pk__in=ids, organization=organization, asked_at__lt=asked_at).update(asked_at=asked_at)


def _elsewhere(organization: Organization, told: Sequence[HmsCall], known: Mapping[str, Call]) -> tuple[HmsCall, ...]:
    """The calls that another organization has already, which the log tells."""
    found = tuple(call for call in told if call.id in known and known[call.id].organization_id != organization.pk)
    if found:
        log.error("organization %s lists %s calls that another organization has", organization.pk, len(found))
    return found


def _facts(row: Call) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in (*_TOLD, *_BOOKED))


def _rewrite(rows: Sequence[tuple[str, Call]], before: Mapping[str, tuple[object, ...]], asked_at: datetime) -> None:
    """Keep what became another; of the many that HMS only repeats, just that it was asked."""
    changed = [row for hms_id, row in rows if _facts(row) != before[hms_id]]
    Call.objects.bulk_update(changed, [*_TOLD, *_BOOKED])
    Call.objects.filter(pk__in=[row.pk for _hms_id, row in rows]).update(asked_at=asked_at)


def _hide(organization: Organization, settled: Iterable[Call]) -> None:
    """HMS is not asked again about a private call that is settled: from here on its id for good is enough."""
    private = [row for row in settled if row.is_private and row.ledger_key and not row.is_forgotten]
    hidden = {row.hms_id: row.ledger_key or "" for row in private}
    for row in private:
        forgetting.hide(row)
    forgetting.hide_holds(organization=organization, hidden=hidden)


def _is_news(organization: Organization, row: Call | None, asked_at: datetime) -> bool:
    return row is None or (row.organization_id == organization.pk and row.asked_at <= asked_at)


def _new_row(organization: Organization, call: HmsCall, ledger_key: str, *, is_private: bool) -> Call:
    """A call that comes so late that its number would have gone has none from the start."""
    until = organization.calls_forgotten_until
    is_late = until is not None and call.created_at < until
    hms_id = ledger_key if is_late else call.id
    return Call(
        organization=organization,
        hms_id=hms_id,
        ledger_key=ledger_key,
        placed_at=call.created_at,
        is_private=is_private,
    )


def _take_in(row: Call, call: HmsCall, asked_at: datetime) -> None:
    """Write down what HMS said. A call that is booked does not come back to life, and known facts are not forgotten."""
    row.asked_at = asked_at
    if row.booked_at is not None and not _is_over(call):
        return
    row.status = call.status[:40]
    row.direction = (call.direction or row.direction)[:10]
    if not row.is_private and not row.is_forgotten:
        row.customer_number = (call.caller_phone or row.customer_number)[:40]
    row.own_number = (call.assistant_phone or call.phone_number or row.own_number)[:40]
    row.assistant_name = (call.assistant_name or row.assistant_name)[:200]
    row.end_reason = (call.end_reason or row.end_reason)[:120]
    row.placed_at = call.created_at
    row.started_at, row.ended_at = call.started_at or row.started_at, call.ended_at or row.ended_at
    if _is_over(call) and call.duration_seconds is not None:
        row.measured_seconds = call.duration_seconds


def _is_over(call: HmsCall) -> bool:
    return rating.is_over(call.status, has_ended=call.ended_at is not None)


def _post(organization: Organization, rows: Iterable[Call], terms: Terms, now: datetime) -> int:
    """Book what the ledger does not have yet of these calls; the number of entries."""
    due: list[tuple[Call, ledger.Movement]] = []
    for row in rows:
        target = _target(row, terms)
        if target is None:
            continue
        row.booked_at = row.booked_at or now
        if target == (row.billed_seconds or 0):
            row.billed_seconds = target
        else:
            due.append((row, _movement(organization, row, target, terms)))
    postings = ledger.post_batch([movement for _row, movement in due])
    for row, posting in zip((row for row, _movement in due), postings, strict=True):
        # What the ledger took, not what was asked of it: after a conflict that is nothing.
        row.billed_seconds = (row.billed_seconds or 0) - posting.amount
    return sum(posting.outcome is ledger.Outcome.POSTED for posting in postings)


def _target(row: Call, terms: Terms) -> int | None:
    """What the call costs in seconds; None while that cannot be said. Freezes the terms the first time."""
    if not rating.is_over(row.status, has_ended=row.ended_at is not None):
        return None
    is_free = rating.is_free(row.status)
    if row.measured_seconds is None and not is_free:
        return None
    if row.booked_at is None:
        held = terms.at(row.placed_at)
        row.rounding, row.cost_micro_per_minute = str(held.rounding), held.cost_of(row.direction)
    return 0 if is_free else rating.billed_seconds(row.measured_seconds or 0, rounding=int(row.rounding))


def _movement(organization: Organization, row: Call, target: int, terms: Terms) -> ledger.Movement:
    """The call's entry, or the correction of it."""
    is_first = not row.billed_seconds and row.corrections == 0
    if not is_first:
        row.corrections += 1
    return ledger.Movement(
        client_id=organization.client_id,
        amount=(row.billed_seconds or 0) - target,
        kind=LedgerEntry.Kind.USAGE if is_first else LedgerEntry.Kind.USAGE_CORRECTION,
        source=_SOURCE,
        source_id=row.ledger_id if is_first else f"{row.ledger_id}#{row.corrections}",
        fact={"call": row.ledger_id, "measured_seconds": row.measured_seconds or 0},
        livemode=terms.livemode,
        actor=_ACTOR,
        event_at=row.ended_at or row.started_at or row.placed_at,
    )
