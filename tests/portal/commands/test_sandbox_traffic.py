"""Days of made-up calls over real sockets: they are booked, nobody ends in debt, and a seed adds nothing twice."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.core.management import CommandError, call_command

from agencies import minutes
from agencies.models import Agency
from billing import proof
from billing.models import LedgerEntry, Wallet
from calls.models import Call
from organizations import hms
from portal.management import traffic
from portal.management.traffic import Caller
from tenancy import door
from tests.sandbox.conftest import Process

NOW = datetime(2026, 11, 6, 18, tzinfo=UTC)
CALLERS = (Caller("one", "assistant"), Caller("two", None), Caller("three", None))


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    process = Process(tmp_path_factory.mktemp("traffic") / "state.sqlite3")
    process.post("/hms/settings", webhooks="off")
    yield process
    process.stop()


@pytest.fixture
def connected(sandbox: Process, acme: Agency, settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agency]:
    settings.SANDBOX_URL, settings.HMS_API_URL = sandbox.url, f"{sandbox.url}/hms/api/v1"
    parent = sandbox.post("/hms/organizations", name="Acme", minutes=500)
    with httpx.Client() as client:
        monkeypatch.setattr(hms, "_connections", lambda: client)
        minutes.connect(acme.pk, parent["api_key"])
        yield acme


def make(**options: int) -> None:
    call_command("sandbox_traffic", agency="acme", **({"calls": 60, "seed": 7, "clients": 3} | options))


@pytest.mark.django_db
def test_calls_are_made_booked_and_paid_for_and_the_same_seed_adds_nothing(connected: Agency) -> None:
    make()
    with door.enter(connected):
        calls = Call.objects.count(), Call.objects.values("organization").distinct().count()
        entries = LedgerEntry.objects.count()
        assert calls == (60, 3)
        assert not Call.objects.filter(booked_at=None).exists()
        assert all(wallet.balance >= 0 for wallet in Wallet.objects.all())
    make()
    with door.enter(connected):
        assert (Call.objects.count(), LedgerEntry.objects.count()) == (60, entries)
        assert proof.verify().findings == []
    make(seed=8)
    with door.enter(connected):
        assert Call.objects.count() == 120


@pytest.mark.django_db
def test_calls_are_made_up_nowhere_but_at_the_sandbox(connected: Agency, sandbox: Process, settings) -> None:
    settings.HMS_API_URL = "https://api.hms.test/api/v1"
    with pytest.raises(CommandError, match="HMS is not the sandbox here"):
        make()
    settings.HMS_API_URL = f"{sandbox.url}0/hms/api/v1"
    with pytest.raises(CommandError, match="HMS is not the sandbox here"):
        make()


@pytest.mark.django_db
def test_an_agency_without_hms_has_no_calls(acme: Agency, sandbox: Process, settings) -> None:
    settings.SANDBOX_URL, settings.HMS_API_URL = sandbox.url, f"{sandbox.url}/hms/api/v1"
    with pytest.raises(CommandError, match="acme is not connected with HMS"):
        make()


def test_a_seed_gives_the_same_calls_and_another_seed_others() -> None:
    made = [list(traffic.calls(CALLERS, number=50, seed=seed, days=7, until=NOW)) for seed in (1, 1, 2)]
    assert made[0] == made[1]
    assert not {told["id"] for _caller, told in made[0]} & {told["id"] for _caller, told in made[2]}


def test_calls_come_in_working_hours_and_none_is_still_to_come() -> None:
    calls = [told for _caller, told in traffic.calls(CALLERS, number=2_000, seed=1, days=14, until=NOW)]
    starts = [datetime.fromisoformat(told["started_at"]) for told in calls]
    assert max(starts) + timedelta(minutes=30) < NOW
    assert sum(8 <= start.hour < 18 for start in starts) > 1_600
    assert sum(start.weekday() < 5 for start in starts) > 1_700
    assert all(told["duration_seconds"] is None or 0 < told["duration_seconds"] <= 1800 for told in calls)


def test_calls_end_in_every_way_and_some_clients_are_busier() -> None:
    made = list(traffic.calls(CALLERS, number=2_000, seed=1, days=7, until=NOW))
    assert {told["direction"] for _caller, told in made} == {"inbound", "outbound", "web"}
    assert {told["status"] for _caller, told in made} >= {"ended", "transferred", "failed", "rejected"}
    busy = Counter(told["organization_id"] for _caller, told in made)
    assert busy["one"] > busy["two"] > busy["three"] > 0
