"""A day of calls as nobody planned it, read through everything that a list can do wrong: every second is taken once."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Sum

from agencies.models import Agency
from billing import wallets
from billing.models import LedgerEntry
from calls import listing, sync
from calls.models import Call
from calls.rating import ROUNDINGS, Terms, billed_seconds
from hms_client import HMSError
from organizations.models import Organization
from tests.support import hms_says
from tests.support.hms_says import Hms, Org

pytestmark = pytest.mark.django_db
FREE = ("failed", "rejected")


class Day:
    """Six hours in steps, by HMS's clock, which differs from ours by up to two minutes."""

    def __init__(self, seed: int, org: Org, says: Hms) -> None:
        self.random, self.org = random.Random(seed), org
        self.now = datetime.now(UTC) - timedelta(hours=6)
        self.skew = timedelta(seconds=self.random.randint(-120, 120))
        self.coming: list[tuple[datetime, dict[str, object]]] = []
        says.page = self.page

    def clock(self) -> datetime:
        return self.now

    def page(self, rows: list[object], limit: int, offset: int) -> list[object]:
        # A call arrives between two pages and pushes the others on; it is on the page that was read already.
        shift = self.random.choice([0, 0, 1, 3]) if offset else 0
        return rows[max(0, offset - shift) : max(0, offset - shift) + limit]

    def step(self) -> None:
        self.now += timedelta(seconds=self.random.choice([5, 60, 300, 900]))
        for _ in range(self.random.randint(0, 3)):
            self.begins()
        self.coming.sort(key=lambda change: change[0])
        while self.coming and self.coming[0][0] <= self.now + self.skew:
            self.org.has(**self.coming.pop(0)[1])

    def begins(self) -> None:
        begun, talked = self.now + self.skew, self.random.choice([0, 1, 59, 60, 61, 1800])
        ended = begun + timedelta(seconds=talked)
        call_id = f"call-{self.random.random()}"
        told = {"id": call_id, "created_at": begun, "status": "in-progress"}
        over = told | {"started_at": begun, "ended_at": ended, "status": self.random.choice(["ended", "ended", *FREE])}
        if self.random.random() < 0.5:  # else it is not listed before it is over
            self.coming.append((begun, told))
        if self.random.random() < 0.3:
            self.coming.append((ended, over))
        late = ended + timedelta(seconds=self.random.choice([0, 30, 600, 3000]))
        self.coming.append((late, over | {"seconds": talked}))
        if self.random.random() < 0.2:
            self.coming.append((late + timedelta(seconds=600), over | {"seconds": talked + 7}))

    def passes(self) -> None:
        """Nobody calls any more, and HMS writes down what it still has to."""
        self.now = max([self.now, *(at for at, _told in self.coming)]) - min(self.skew, timedelta())
        for _at, told in sorted(self.coming, key=lambda change: change[0]):
            self.org.has(**told)


def look(organization: Organization, terms: Terms, says: Hms, chance: random.Random) -> None:
    if chance.random() < 0.1:
        says.refuses("GET /calls", 400)
    try:
        sync.sync(organization.pk, terms=terms)
    except HMSError:
        return  # the next look begins where this one did


@pytest.mark.parametrize("seed", range(4))
def test_trap_52_every_second_is_taken_once_whatever_clocks_and_pages_do(
    connected_acme: Agency, says: Hms, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    organization = hms_says.ready(says)
    day = Day(seed, says.of(organization), says)
    monkeypatch.setattr("django.utils.timezone.now", day.clock)
    monkeypatch.setattr(listing, "_PAGE_SIZE", 7)
    Organization.objects.update(wanted_at=day.now)
    terms = Terms(rounding=ROUNDINGS[seed % 4], cost_micro_per_minute=70_000, livemode=True)
    for _ in range(45):
        day.step()
        if day.random.random() < 0.7:
            look(organization, terms, says, day.random)
    day.passes()
    says.trouble.clear()
    for _ in range(4):
        sync.sync(organization.pk, terms=terms)
        day.now += timedelta(minutes=10)
    told = [(call["status"], call["duration_seconds"]) for call in day.org.calls.values()]
    due = sum(billed_seconds(seconds, rounding=terms.rounding) for status, seconds in told if status not in FREE)
    sums = Call.objects.aggregate(measured=Sum("measured_seconds"), billed=Sum("billed_seconds"))
    booked = LedgerEntry.objects.aggregate(total=Sum("amount"))["total"]
    assert len(told) > 40
    assert sums == {"measured": sum(seconds for _status, seconds in told), "billed": due}
    assert booked == wallets.get(organization.client_id).balance == -due
