"""A day of many clients with everything that goes wrong: hints lost and doubled, answers of 500, news out of order,
pages that drift. Hints and the agenda alone decide when HMS is read, by a clock of the day's own; at its end no second
is missing.

A working day of 5,000 calls and 40 clients has workers that are at it at once or away for minutes. Half an hour of two
clients has workers that are never late, which asks the most of HMS; with `SCALE=full` it is the same whole day, which
takes about ten minutes.
"""

import heapq
import itertools
import json
import os
import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from django.db import connection

from agencies import control, minutes, quarantine
from agencies.models import Agency, CallTerms, Discrepancy
from billing import proof, wallets
from billing.models import LedgerEntry
from calls import listing
from calls.models import Call
from calls.rating import FREE_STATUSES, ROUNDINGS, billed_seconds
from follow_ups import agenda
from follow_ups.models import FollowUp
from hms_client import HMSClient, signatures
from inbox import hms_endpoints, hms_events
from organizations.models import Organization
from portal.jobs import registry
from tests.support import hms_says
from tests.support.hms_says import Hms, Org

pytestmark = pytest.mark.django_db
WHOLE = (5_000, 40, timedelta(hours=8), 20)
# Small pages, so that even a quiet client's list has several.
PUNCTUAL = WHOLE if os.environ.get("SCALE") == "full" else (24, 2, timedelta(minutes=30), 6)
# How long the workers are away, one time after the other, in seconds.
NEVER, NOW_AND_THEN = (0,), (0, 300, 600, 900, 1200)
LOST_HINTS, DOUBLED, BROKEN = 0.05, 0.05, 0.02
SECOND = timedelta(seconds=1)
MOST_A_MINUTE = 100


class Day:
    """HMS and the world around it. Everything that will happen lies in `coming` by its time."""

    def __init__(self, seed: int, says: Hms, length: timedelta, away: Sequence[int]) -> None:
        self.random, self.says, self.length, self.away = random.Random(seed), says, length, away
        self.now = datetime(2026, 10, 5, 8, tzinfo=UTC)
        self.ends_at = self.now + length
        self.coming: list[tuple[datetime, int, Callable[[], Any]]] = []
        self.serial, self.rounds = itertools.count(), itertools.count(1)
        self.doors: dict[str, hms_endpoints.Endpoint] = {}
        self.asked: defaultdict[str, deque[datetime]] = defaultdict(deque)
        self.most_in_a_minute: Counter[str] = Counter()
        self.happened: Counter[str] = Counter()
        self.is_calm = False
        self.told, says.answer = says.answer, self.answer  # type: ignore[method-assign]
        says.page = self.page

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def at(self, moment: datetime, what: Callable[[], Any]) -> None:
        heapq.heappush(self.coming, (moment, next(self.serial), what))

    def answer(self, org: Org | None, request: httpx.Request, path: str, body: Any) -> httpx.Response:
        key = request.headers["Authorization"]
        recent = self.asked[key]
        recent.append(self.now)
        while recent[0] <= self.now - timedelta(minutes=1):
            recent.popleft()
        self.most_in_a_minute[key] = max(self.most_in_a_minute[key], len(recent))
        if not self.is_calm and self.random.random() < BROKEN:
            self.happened["broken"] += 1
            return httpx.Response(500, text="<h1>Bad day</h1>")
        return self.told(org, request, path, body)

    def page(self, rows: list[Any], limit: int, offset: int) -> list[Any]:
        # A call arrives between two pages and pushes the others on; it is on the page that was read already.
        drift = self.random.choice([0, 0, 1, 3]) if offset and not self.is_calm else 0
        self.happened["drifted"] += drift > 0
        return rows[max(0, offset - drift) : max(0, offset - drift) + limit]

    def plan(self, org: Org) -> None:
        """One call: rings, is talked in, ends; its time may be written late, and corrected later still."""
        chance = self.random.random
        begun = self.ends_at - self.length + self.length * chance()
        talked = min(1800, int(self.random.expovariate(1 / 25)))
        ended = begun + talked * SECOND
        status = self.random.choice(["ended"] * 8 + ["transferred", *sorted(FREE_STATUSES)])
        told: dict[str, Any] = {"id": f"call-_+3161234_{next(self.serial)}", "created_at": begun}
        told["direction"] = self.random.choice(["inbound", "outbound", "web"])
        over = told | {"status": status, "started_at": begun, "ended_at": ended}
        self.news(org, begun, told | {"status": "in-progress", "started_at": begun})
        written = ended + (600 * chance() if chance() < 0.1 else 0) * SECOND
        if written > ended:
            self.news(org, ended, over)
        self.news(org, written, over | {"seconds": talked}, report=True)
        if chance() < 0.05:
            self.news(org, written + 1800 * chance() * SECOND, over | {"seconds": talked + 7})

    def news(self, org: Org, moment: datetime, told: dict[str, Any], *, report: bool = False) -> None:
        """HMS writes this down at the moment, and sends its hints when it comes to it: late, twice, or never."""
        self.at(moment, lambda: org.has(**told))
        if self.random.random() < LOST_HINTS:
            self.happened["lost"] += 1
            return
        hint = {"type": "end-of-call-report" if report else "status-update", "timestamp": moment.isoformat()}
        body = json.dumps({"message": hint | {"call": {"id": told["id"], "status": told["status"]}}}).encode()
        for _delivery in range(1 + (self.random.random() < DOUBLED)):
            self.at(moment + 20 * self.random.random() * SECOND, lambda: self.hint(org, body))

    def hint(self, org: Org, body: bytes) -> None:
        door, timestamp = self.doors[org.id], str(int(self.now.timestamp()))
        signature = signatures.sign(body, timestamp, door.secret)
        got = hms_events.receive(token=door.token, body=body, timestamp=timestamp, signature=signature, now=self.now)
        self.happened["hints" if got.is_new else "doubled"] += 1

    def runs_until(self, end: datetime) -> None:
        """Let everything happen in its order: what is to come, and what the agenda finds due."""
        while True:
            due_at = FollowUp.objects.order_by("due_at").values_list("due_at", flat=True).first() or end
            next_at = min(due_at, self.coming[0][0] if self.coming else end)
            if next_at >= end:
                break
            self.now = max(self.now, next_at) + self.random.choice(self.away) * SECOND
            while self.coming and self.coming[0][0] <= self.now:
                heapq.heappop(self.coming)[2]()
            self.work()
        self.now = max(self.now, end)

    def work(self) -> None:
        if next(self.rounds) % 5 == 0:
            # Autovacuum sees no row of an open transaction; without statistics a day's plans are those of an empty one.
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE calls_call, billing_ledgerentry, inbox_hmsevent, follow_ups_followup")
        for row in agenda.claim():
            registry.look_after(
                agency_id=row.agency_id, row=row.id, kind=row.kind, subject=row.subject, serial=row.serial
            )


Opens = Callable[..., Day]


@pytest.fixture
def world(connected_acme: Agency, says: Hms, monkeypatch: pytest.MonkeyPatch) -> Opens:
    """Opens a day with so many calls of so many clients, whose organizations are ready, by the seed."""

    def open_day(seed: int, calls: int, clients: int, length: timedelta, page: int, *, away: Sequence[int]) -> Day:
        day = Day(seed, says, length, away)
        day.is_calm = True
        monkeypatch.setattr("django.utils.timezone.now", day.clock)
        # A pause before a retry is time of the day's own.
        defaults = {**(HMSClient.__init__.__kwdefaults__ or {}), "sleep": day.sleep}
        monkeypatch.setattr(HMSClient.__init__, "__kwdefaults__", defaults)
        monkeypatch.setattr(listing, "_PAGE_SIZE", page)
        for number in range(clients):
            organization = hms_says.ready(says, f"Client {number}")
            Organization.objects.filter(pk=organization.pk).update(wanted_at=day.now, active_at=day.now)
            org = says.of(organization)
            org.counts_after = 90 * SECOND
            day.doors[org.id] = hms_endpoints.open_endpoint(organization_id=organization.pk)
        FollowUp.objects.exclude(kind="sync_calls").delete()
        FollowUp.objects.update(due_at=day.now)
        orgs = [org for org in says.orgs.values() if org.parent]
        for number in range(calls):
            day.plan(orgs[number % clients])
        day.is_calm = False
        return day

    return open_day


def change_rounding(day: Day, agency: Agency) -> None:
    """All four ways to round, each for a quarter of the day."""
    for number, rounding in enumerate(ROUNDINGS):
        from_at = day.now + day.length / 4 * number
        CallTerms.objects.create(agency=agency, from_at=from_at, rounding=rounding, cost_micro_per_minute=70_000)


def settles(day: Day) -> None:
    """Nobody calls any more, HMS mends its faults, and the agenda goes on until the last call is known."""
    day.runs_until(day.ends_at)
    day.is_calm = True
    day.runs_until(day.ends_at + timedelta(minutes=20))
    while Call.objects.filter(booked_at=None).exists():
        day.runs_until(day.now + timedelta(minutes=10))


def each_adds_up(says: Hms) -> None:
    """Both identities, for every client and way to round: measured is what HMS says, billed what the ledger took."""
    for organization in Organization.objects.all():
        told = says.of(organization).calls
        booked = {call.hms_id: call for call in Call.objects.filter(organization=organization)}
        by_key = {call.ledger_key: call for call in booked.values()}
        assert booked.keys() == told.keys()
        taken: Counter[str] = Counter()
        for source_id, amount in usage_of(organization):
            taken[by_key[source_id.partition("#")[0]].rounding] -= amount
        for step in ROUNDINGS:
            mine = {hms_id: call for hms_id, call in booked.items() if call.rounding == str(step)}
            said = [(told[hms_id]["status"], told[hms_id]["duration_seconds"]) for hms_id in mine]
            due = [0 if status in FREE_STATUSES else billed_seconds(talked, rounding=step) for status, talked in said]
            assert sum(call.measured_seconds or 0 for call in mine.values()) - sum(talked for _, talked in said) == 0
            assert sum(call.billed_seconds or 0 for call in mine.values()) - taken[str(step)] == 0
            assert sum(due) - taken[str(step)] == 0
        assert wallets.get(organization.client_id).balance == -taken.total()


def usage_of(organization: Organization) -> Iterator[tuple[str, int]]:
    entries = LedgerEntry.objects.filter(wallet_id=organization.client_id, source="hms")
    yield from entries.values_list("source_id", "amount")


def nothing_differs_two_days_later(day: Day, agency: Agency) -> None:
    """HMS's own totals agree with ours, and nothing waits for a person."""
    day.now += timedelta(hours=50)
    for organization in Organization.objects.all():
        assert control.look(organization.pk) is None
    quarantine.look(day.now)
    minutes.refresh(agency.pk)
    assert not Discrepancy.objects.exists()
    assert proof.verify().findings == []


def adds_up_and_asked_no_more_than_allowed(day: Day, agency: Agency, says: Hms, *, calls: int, clients: int) -> None:
    assert Call.objects.count() == calls
    assert len(day.most_in_a_minute) >= clients
    assert set(Call.objects.values_list("rounding", flat=True)) == {str(step) for step in ROUNDINGS}
    each_adds_up(says)
    assert max(day.most_in_a_minute.values()) <= MOST_A_MINUTE
    assert all(day.happened[what] for what in ("hints", "lost", "doubled", "broken", "drifted")), day.happened
    nothing_differs_two_days_later(day, agency)


@pytest.mark.parametrize(("size", "away"), [(WHOLE, NOW_AND_THEN), (PUNCTUAL, NEVER)], ids=["a whole day", "punctual"])
def test_trap_52_a_day_under_all_four_roundings_one_after_the_other_misses_no_second(
    connected_acme: Agency, says: Hms, world: Opens, size: tuple[int, int, timedelta, int], away: Sequence[int]
) -> None:
    day = world(52, *size, away=away)
    change_rounding(day, connected_acme)
    settles(day)
    adds_up_and_asked_no_more_than_allowed(day, connected_acme, says, calls=size[0], clients=size[1])
