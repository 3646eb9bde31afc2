"""A client's month of calls, as HMS lists them now, beside what the ledger took for them, down to the call.

A call belongs to the month in which HMS made it, an entry to the month in which it was booked; what was booked in
another month is a line of its own, so that the sum is the statement's, and so is rounding. Reads only.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from billing import statements
from billing.models import LedgerEntry
from billing.months import Month
from calls import identity, rating
from calls.models import Call
from calls.rating import Terms
from hms_client import Call as HmsCall

Kind = LedgerEntry.Kind
_USAGE = (Kind.USAGE, Kind.USAGE_CORRECTION)
# A call that ended this recently may not have been looked for yet.
ON_ITS_WAY = timedelta(minutes=15)
_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call that does not fit. Seconds; `measured` is None for a call that HMS does not list."""

    call: Call | None
    at: datetime
    measured: int | None
    expected: int
    taken: int

    @property
    def difference(self) -> int:
        return self.expected - self.taken


@dataclass(slots=True)
class Time:
    """A month of calls in seconds. `unexplained` is the sum of the differences of `rows`: zero when all of them fit."""

    calls: int = 0
    measured: int = 0
    free: int = 0
    rounding: int = 0
    on_its_way: int = 0
    booked_elsewhere: int = 0
    from_elsewhere: int = 0
    taken: int = 0
    rows: list[CallRow] = field(default_factory=list)

    @property
    def expected(self) -> int:
        """What the ledger has to have taken in this month."""
        due = self.measured - self.free + self.rounding
        return due - self.on_its_way - self.booked_elsewhere + self.from_elsewhere

    @property
    def unexplained(self) -> int:
        return self.expected - self.taken


def compare(client_id: UUID, month: Month, told: Iterable[HmsCall], *, terms: Terms, now: datetime) -> Time:
    """Compare what HMS lists, read with a day to spare on both sides, with the ledger. `terms` are those that hold for
    calls that are not booked yet. In the agency's schema.
    """
    told, hashed = list(told), identity.hasher()
    ids = {hms_id: row.ledger_id for hms_id, row in identity.known(call.id for call in told).items()}
    listed = {ids.get(call.id) or hashed(call.id): call for call in told}
    of_month = {key: call for key, call in listed.items() if month.starts_at <= call.created_at < month.next.starts_at}
    booked = _booked_in(client_id, month)
    rows = _known(client_id, {*booked, *of_month}) | _placed_in(client_id, month)
    ever = _booked_ever(client_id, rows.values())
    time = Time(taken=sum(booked.values()))
    for key, call in of_month.items():
        _add(time, call, rows.get(key), ever.get(key, 0), booked.get(key, 0), terms, now)
    for key in {*booked, *rows} - of_month.keys():
        taken, row = booked.get(key, 0), rows.get(key)
        if key in listed or (row is not None and not month.starts_at <= row.placed_at < month.next.starts_at):
            time.from_elsewhere += taken
        elif lost := ever.get(key, taken):
            time.booked_elsewhere += lost - taken
            time.rows.append(CallRow(row, row.placed_at if row else month.starts_at, None, 0, lost))
    return time


def _add(time: Time, call: HmsCall, row: Call | None, ever: int, in_month: int, terms: Terms, now: datetime) -> None:
    time.calls += 1
    measured = call.duration_seconds or 0
    is_over = rating.is_over(call.status, has_ended=call.ended_at is not None)
    step = int(row.rounding) if row is not None and row.booked_at is not None else terms.at(call.created_at).rounding
    is_free = rating.is_free(call.status)
    expected = rating.billed_seconds(measured, rounding=step) if is_over and not is_free else 0
    if is_over:
        time.measured += measured
        time.free += measured if is_free else 0
        time.rounding += 0 if is_free else expected - measured
    time.booked_elsewhere += ever - in_month
    if expected == ever:
        return
    if (row is None or row.booked_at is None) and now - (call.ended_at or call.created_at) < ON_ITS_WAY:
        time.on_its_way += expected - ever
        return
    time.rows.append(CallRow(row, call.created_at, measured, expected, ever))


def _booked_in(client_id: UUID, month: Month) -> Mapping[str, int]:
    """Seconds that entries of the month took, by the call they are for."""
    within = statements.span(client_id, from_at=month.starts_at, until_at=month.next.starts_at)
    entries = LedgerEntry.objects.filter(
        wallet_id=client_id, kind__in=_USAGE, version__gte=within.first, version__lte=within.last
    )
    return _by_call(entries.values_list("kind", "source_id", "amount"))


def _booked_ever(client_id: UUID, rows: Iterable[Call]) -> Mapping[str, int]:
    keys = [
        key
        for row in rows
        for key in (row.ledger_id, *(f"{row.ledger_id}#{number}" for number in range(1, row.corrections + 1)))
    ]
    found: defaultdict[str, int] = defaultdict(int)
    for chunk in _chunks(keys):
        entries = LedgerEntry.objects.filter(kind__in=_USAGE, source="hms", source_id__in=chunk, wallet_id=client_id)
        for hms_id, seconds in _by_call(entries.values_list("kind", "source_id", "amount")).items():
            found[hms_id] += seconds
    return found


def _by_call(entries: Iterable[tuple[str, str, int]]) -> Mapping[str, int]:
    taken: defaultdict[str, int] = defaultdict(int)
    for kind, source_id, amount in entries:
        taken[source_id.rsplit("#", 1)[0] if kind == Kind.USAGE_CORRECTION else source_id] -= amount
    return taken


def _known(client_id: UUID, ledger_ids: Iterable[str]) -> dict[str, Call]:
    found: dict[str, Call] = {}
    for chunk in _chunks(list(ledger_ids)):
        for call in Call.objects.filter(identity.of_entries(chunk), organization__client_id=client_id):
            found[call.ledger_id] = call
    return found


def _placed_in(client_id: UUID, month: Month) -> dict[str, Call]:
    """Booked calls of the month as we know them: HMS may not list one of them any more."""
    of_month = Call.objects.filter(placed_at__gte=month.starts_at, placed_at__lt=month.next.starts_at)
    booked = of_month.filter(organization__client_id=client_id, booked_at__isnull=False)
    return {call.ledger_id: call for call in booked}


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(keys), _CHUNK):
        yield keys[first : first + _CHUNK]
