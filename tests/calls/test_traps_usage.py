"""Calls as HMS really tells them: twice, late, corrected, out of order; each by the number of the trap.

Of trap 51 the other half is in tests/agencies/test_quarantine.py; 52 is in test_any_day.py and test_a_day_of_many.py,
54 in tests/agencies/test_watch.py, and 55 in tests/races/test_expiry.py.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from agencies import call_terms, control, overview
from agencies.models import Agency, CallTerms
from agencies.overview import Concern
from billing import wallets
from billing.models import LedgerEntry
from calls import inbound
from calls.models import Call
from follow_ups import agenda
from follow_ups.models import FollowUp
from hms_client import signatures
from inbox import hms_endpoints, hms_events
from inbox.models import HmsEvent
from organizations.models import Organization
from portal.jobs import hms as jobs
from tenancy import door
from tests.support import hms_says
from tests.support.hms_says import Hms, Org

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def ben(connected_acme: Agency, says: Hms) -> Organization:
    return hms_says.ready(says, credit=600)


@pytest.fixture
def at_hms(ben: Organization, says: Hms) -> Org:
    return says.of(ben)


@pytest.fixture
def endpoint(ben: Organization) -> hms_endpoints.Endpoint:
    return hms_endpoints.open_endpoint(organization_id=ben.pk)


def report(
    endpoint: hms_endpoints.Endpoint, call_id: str, kind: str, status: str, seconds: int = 0, **changes: Any
) -> bool:
    """HMS reports about a call, signed; whether it is news."""
    told = {
        "type": kind,
        "call": {"id": call_id, "status": status},
        **({"duration_seconds": seconds} if seconds else {}),
    }
    body = json.dumps({"message": told}).encode()
    now = timezone.now()
    timestamp = str(int(now.timestamp()))
    signature = signatures.sign(body, timestamp, endpoint.secret)
    sent = {"token": endpoint.token, "body": body, "timestamp": timestamp, "signature": signature, "now": now}
    return hms_events.receive(**(sent | changes)).is_new


def look(organization: Organization) -> None:
    jobs.sync_calls(str(organization.pk))


def used(organization: Organization) -> list[tuple[str, str, int]]:
    rows = LedgerEntry.objects.filter(wallet_id=organization.client_id, source="hms").order_by("version")
    calls = dict(Call.objects.values_list("ledger_key", "hms_id"))
    parts = [(row, *row.source_id.partition("#")) for row in rows]
    return [(row.kind, f"{calls[key]}{mark}{number}", row.amount) for row, key, mark, number in parts]


def test_trap_47_a_call_told_by_webhook_and_by_poll_is_one_debit(
    ben: Organization, at_hms: Org, endpoint: hms_endpoints.Endpoint
) -> None:
    call_id = at_hms.ends(73)
    for _delivery in range(2):
        report(endpoint, call_id, "end-of-call-report", "ended")
        look(ben)
    look(ben)
    assert used(ben) == [("usage", call_id, -73)]


def test_trap_48_a_corrected_report_adds_the_difference_and_keeps_the_first(
    ben: Organization, at_hms: Org, endpoint: hms_endpoints.Endpoint
) -> None:
    call_id = at_hms.ends(65)
    report(endpoint, call_id, "end-of-call-report", "ended")
    look(ben)
    at_hms.ends(125, id=call_id)
    report(endpoint, call_id, "end-of-call-report", "ended", 125)
    look(ben)
    assert used(ben) == [("usage", call_id, -65), ("usage_correction", f"{call_id}#1", -60)]
    assert Call.objects.get().corrections == 1


def test_an_end_that_is_reported_twice_before_the_look_is_looked_at_once(
    ben: Organization, at_hms: Org, endpoint: hms_endpoints.Endpoint, says: Hms
) -> None:
    call_id = at_hms.ends(65)
    report(endpoint, call_id, "status-update", "ended")
    report(endpoint, call_id, "end-of-call-report", "ended")
    look(ben)
    asked = says.requests.count("GET /calls")
    look(ben)
    assert says.requests.count("GET /calls") == asked
    report(endpoint, call_id, "end-of-call-report", "ended", 65)
    look(ben)
    assert (says.requests.count("GET /calls"), used(ben)) == (asked + 1, [("usage", call_id, -65)])


def test_trap_49_a_report_before_any_status_books_and_a_late_status_undoes_nothing(
    ben: Organization, at_hms: Org, endpoint: hms_endpoints.Endpoint
) -> None:
    call_id = at_hms.ends(40)
    report(endpoint, call_id, "end-of-call-report", "ended")
    look(ben)
    at_hms.has(id=call_id, status="in-progress")
    report(endpoint, call_id, "status-update", "in-progress")
    look(ben)
    assert (used(ben), Call.objects.get().status) == ([("usage", call_id, -40)], "ended")


def test_trap_50_a_call_told_three_days_late_is_rated_as_of_then_and_booked_now(
    connected_acme: Agency, ben: Organization, at_hms: Org
) -> None:
    now = datetime.now(UTC)
    Organization.objects.filter(pk=ben.pk).update(wanted_at=now - 30 * DAY)
    look(ben)
    CallTerms.objects.create(agency=connected_acme, from_at=now - 10 * DAY, rounding=30, cost_micro_per_minute=60_000)
    call_terms.change(
        agency_id=connected_acme.pk,
        rounding=60,
        cost_micro_per_minute=90_000,
        cost_micro_of={},
        from_on=timezone.localdate(),
        actor={},
    )
    hms_says.top_up(ben.client, 600)
    ended_at = now - 3 * DAY
    at_hms.ends(31, ended_at=ended_at)
    look(ben)
    assert used(ben) == []
    control.look(ben.pk)
    call, entry = Call.objects.get(), LedgerEntry.objects.get(kind="usage")
    assert (entry.source_id, entry.amount, entry.event_at) == (call.ledger_key, -60, ended_at)
    assert (call.rounding, call.cost_micro_per_minute) == ("30", 60_000)
    assert entry.created_at > now
    assert wallets.get(ben.client_id).balance == 1200 - 60


def test_trap_53_a_call_longer_than_the_balance_is_taken_in_full_told_and_the_last_for_now(
    connected_acme: Agency, ben: Organization, at_hms: Org
) -> None:
    at_hms.ends(1000)
    look(ben)
    assert wallets.get(ben.client_id).balance == -400
    assert Concern.DEBTS in [item.concern for item in overview.look(connected_acme).attention]
    answer = inbound.answer(organization_id=ben.pk, hms_call_id="next", assistant_maximum=None, now=timezone.now())
    assert (answer.max_duration_seconds, answer.refusal[:12]) == (None, "We are sorry")


@pytest.mark.parametrize("timestamp", [None, "", "milliseconds"])
def test_trap_56_a_time_in_milliseconds_or_none_at_all_is_refused(
    ben: Organization, endpoint: hms_endpoints.Endpoint, timestamp: str | None
) -> None:
    FollowUp.objects.filter(kind="sync_calls").delete()
    if timestamp == "milliseconds":
        timestamp = str(int(timezone.now().timestamp() * 1000))
    body = b"{}"
    signature = signatures.sign(body, timestamp or "", endpoint.secret)
    with pytest.raises(hms_events.Refused):
        report(endpoint, "c1", "status-update", "ended", body=body, timestamp=timestamp, signature=signature)
    assert not HmsEvent.objects.exists()
    assert not FollowUp.objects.filter(kind="sync_calls").exists()


def test_trap_56_a_body_that_is_replayed_with_its_time_and_signature_changes_nothing(
    ben: Organization, at_hms: Org, endpoint: hms_endpoints.Endpoint
) -> None:
    call_id = at_hms.ends(20)
    told = [report(endpoint, call_id, "end-of-call-report", "ended") for _replay in range(3)]
    for _replay in told:
        look(ben)
    assert (told, used(ben)) == ([True, False, False], [("usage", call_id, -20)])


def test_hints_of_one_client_are_one_fetch_and_those_that_come_while_it_runs_one_more(
    ben: Organization, at_hms: Org, endpoint: hms_endpoints.Endpoint
) -> None:
    FollowUp.objects.all().delete()
    for _hint in range(5):
        report(endpoint, at_hms.ends(10), "end-of-call-report", "ended")
    [first] = agenda.claim()
    running = agenda.take_up(first)
    assert running is not None
    for _hint in range(5):
        report(endpoint, at_hms.ends(10), "end-of-call-report", "ended")
    assert agenda.claim() == []
    assert agenda.take_up(first) is None
    look(ben)
    agenda.finish(running, again_at=timezone.now() + DAY)
    [again] = agenda.claim()
    assert (again.kind, again.subject) == ("sync_calls", str(ben.pk))
    assert agenda.claim() == []
    assert len(used(ben)) == 10


def test_trap_51_a_report_of_another_agencys_call_takes_from_nobody(
    ben: Organization, at_hms: Org, says: Hms, globex: Agency
) -> None:
    call_id = at_hms.ends(30)
    hms_says.connect(says, globex)
    with door.leave(), door.enter(globex):
        zoe = hms_says.ready(says, "Zoe", credit=600)
        report(hms_endpoints.open_endpoint(organization_id=zoe.pk), call_id, "end-of-call-report", "ended")
        look(zoe)
        assert (used(zoe), Call.objects.exists(), wallets.get(zoe.client_id).balance) == ([], False, 600)
    assert used(ben) == []
