from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F, Sum
from django.test.utils import CaptureQueriesContext

from agencies.models import Agency
from billing import wallets
from billing.models import Conflict, LedgerEntry
from calls import booking, holds, sync, urgency
from calls.models import Call, Hold
from calls.rating import Terms
from hms_client import Call as HmsCall
from hms_client import HMSError
from inbox import hms_endpoints
from inbox.models import HmsEndpoint, HmsEvent
from organizations.models import Organization
from tests.support import hms_says
from tests.support.hms_says import PER_SECOND, Hms, Org

pytestmark = pytest.mark.django_db
BY_MINUTE = Terms(rounding=60, cost_micro_per_minute=70_000, livemode=False)


@pytest.fixture
def ben(connected_acme: Agency, says: Hms) -> Organization:
    return hms_says.ready(says, credit=600)


@pytest.fixture
def at_hms(ben: Organization, says: Hms) -> Org:
    return says.of(ben)


def look(organization: Organization, terms: Terms = PER_SECOND) -> sync.Synced:
    return sync.sync(organization.pk, terms=terms)


def balance(organization: Organization) -> int:
    return wallets.get(organization.client_id).balance


def usage(organization: Organization) -> list[tuple[str, int]]:
    rows = LedgerEntry.objects.filter(wallet_id=organization.client_id, source="hms").order_by("version")
    return [(row.kind, row.amount) for row in rows]


def test_a_call_that_is_over_is_taken_to_the_second(ben: Organization, at_hms: Org) -> None:
    at_hms.ends(73)
    look(ben)
    call, entry = Call.objects.get(), LedgerEntry.objects.get(kind="usage")
    assert (balance(ben), entry.amount, entry.source_id) == (600 - 73, -73, call.ledger_key)
    assert (call.measured_seconds, call.billed_seconds, call.status) == (73, 73, "ended")
    assert entry.event_at == call.ended_at


def test_the_terms_are_frozen_with_the_call(ben: Organization, at_hms: Org) -> None:
    call_id = at_hms.ends(61)
    look(ben, BY_MINUTE)
    at_hms.ends(62, id=call_id)
    look(ben)
    call = Call.objects.get()
    assert (call.rounding, call.cost_micro_per_minute, call.billed_seconds) == ("60", 70_000, 120)
    assert usage(ben) == [("usage", -120)]
    assert LedgerEntry.objects.get(kind="usage").livemode is False


def test_reading_the_same_call_again_takes_nothing(ben: Organization, at_hms: Org) -> None:
    at_hms.ends(73)
    assert [look(ben).entries for _ in range(3)] == [1, 0, 0]
    assert balance(ben) == 600 - 73


def test_a_corrected_time_is_an_entry_of_the_difference(ben: Organization, at_hms: Org) -> None:
    call_id = at_hms.ends(65)
    for seconds in (65, 125, 125, 90):
        at_hms.ends(seconds, id=call_id)
        look(ben)
    assert usage(ben) == [("usage", -65), ("usage_correction", -60), ("usage_correction", 35)]
    keys = LedgerEntry.objects.filter(kind="usage_correction").order_by("version").values_list("source_id", flat=True)
    key = Call.objects.get().ledger_key
    assert list(keys) == [f"{key}#1", f"{key}#2"]
    assert (balance(ben), Call.objects.get().billed_seconds) == (510, 90)


def test_a_call_without_a_duration_is_asked_again_and_never_booked_as_nothing(ben: Organization, at_hms: Org) -> None:
    call_id = at_hms.ends(None)
    synced = look(ben)
    assert (usage(ben), Call.objects.get().booked_at) == ([], None)
    assert synced.next_at - datetime.now(UTC) < timedelta(seconds=20)
    at_hms.ends(40, id=call_id)
    look(ben)
    assert usage(ben) == [("usage", -40)]


@pytest.mark.parametrize("status", ["failed", "rejected", "insufficient-credits"])
@pytest.mark.parametrize("seconds", [None, 0, 12])
def test_a_call_that_never_was_one_costs_nothing(ben: Organization, at_hms: Org, status: str, seconds: int) -> None:
    at_hms.ends(seconds, status=status)
    look(ben)
    assert (usage(ben), Call.objects.get().billed_seconds) == ([], 0)


def test_a_call_of_no_seconds_costs_nothing_until_hms_says_otherwise(ben: Organization, at_hms: Org) -> None:
    call_id = at_hms.ends(0)
    look(ben)
    assert (usage(ben), Call.objects.get().billed_seconds) == ([], 0)
    at_hms.ends(9, id=call_id)
    look(ben)
    assert usage(ben) == [("usage", -9)]


def test_a_call_that_turns_out_to_have_failed_is_given_back(ben: Organization, at_hms: Org) -> None:
    call_id = at_hms.ends(30)
    look(ben)
    at_hms.ends(30, id=call_id, status="failed")
    look(ben)
    at_hms.ends(31, id=call_id)
    look(ben)
    assert usage(ben) == [("usage", -30), ("usage_correction", 30), ("usage_correction", -31)]


@pytest.mark.parametrize("status", ["transferred", "ended-with-error", "handed-over-somehow"])
def test_every_other_end_costs_its_time(ben: Organization, at_hms: Org, status: str) -> None:
    at_hms.ends(20, status=status)
    look(ben)
    assert usage(ben) == [("usage", -20)]


def test_an_unknown_status_without_an_end_is_stored_and_not_booked(ben: Organization, at_hms: Org) -> None:
    at_hms.has(status="pondering", seconds=20)
    look(ben)
    assert (usage(ben), Call.objects.get().status) == ([], "pondering")


def test_a_live_call_is_a_row_and_is_watched(ben: Organization, at_hms: Org) -> None:
    at_hms.has(status="in-progress", started_at=datetime.now(UTC))
    synced = look(ben)
    assert (Call.objects.get().status, usage(ben)) == ("in-progress", [])
    assert synced.next_at - datetime.now(UTC) < timedelta(seconds=5)


def test_a_booked_call_does_not_come_back_to_life(ben: Organization, at_hms: Org) -> None:
    call_id = at_hms.ends(30)
    look(ben)
    at_hms.has(id=call_id, status="in-progress")
    look(ben)
    assert (Call.objects.get().status, usage(ben)) == ("ended", [("usage", -30)])


def test_a_longer_call_than_the_balance_is_taken_below_zero(ben: Organization, at_hms: Org) -> None:
    at_hms.ends(1000)
    look(ben)
    assert balance(ben) == -400


def test_a_call_of_three_days_ago_is_booked_by_the_daily_sweep(ben: Organization, at_hms: Org) -> None:
    look(ben)
    at_hms.ends(10, ended_at=datetime.now(UTC) - timedelta(hours=40))
    assert look(ben).seen == 0
    Organization.objects.update(calls_swept_at=datetime.now(UTC) - timedelta(days=1))
    assert (look(ben).seen, usage(ben)) == (1, [("usage", -10)])


def test_a_call_that_outlives_the_window_is_asked_for_by_its_id(ben: Organization, at_hms: Org, says: Hms) -> None:
    begun = datetime.now(UTC) - timedelta(hours=5)
    call_id = at_hms.has(status="in-progress", created_at=begun)
    Organization.objects.update(wanted_at=begun)
    look(ben)
    Call.objects.update(asked_at=begun)
    at_hms.has(id=call_id, status="ended", created_at=begun, ended_at=datetime.now(UTC), seconds=17_000)
    look(ben)
    assert usage(ben) == [("usage", -17_000)]
    assert f"GET /calls/{call_id}" in says.requests


@pytest.mark.parametrize("status", [403, 404])
def test_a_call_that_hms_does_not_have_or_calls_somebody_elses_stops_no_other(
    ben: Organization, at_hms: Org, says: Hms, status: int
) -> None:
    begun = datetime.now(UTC) - timedelta(hours=5)
    Call.objects.create(organization=ben, hms_id="c1", status="dialing", placed_at=begun, asked_at=begun)
    at_hms.ends(65)
    says.refuses("GET /calls/c1", status)
    look(ben)
    assert usage(ben) == [("usage", -65)]
    assert Call.objects.get(hms_id="c1").asked_at > begun


def test_an_older_answer_does_not_replace_a_newer_one(ben: Organization, at_hms: Org) -> None:
    at_hms.ends(65)
    look(ben)
    Call.objects.update(asked_at=datetime.now(UTC) + timedelta(seconds=5), measured_seconds=125)
    look(ben)
    assert (Call.objects.get().measured_seconds, len(usage(ben))) == (125, 1)


def test_an_answer_that_repeats_what_is_known_counts_as_the_newer_one(ben: Organization, at_hms: Org) -> None:
    call_id = at_hms.ends(65)
    look(ben)
    asked_between = datetime.now(UTC)
    look(ben)
    at_hms.ends(125, id=call_id)
    late = HmsCall.from_json(at_hms.calls[call_id])
    booking.book(organization=ben, told=[late], terms=PER_SECOND, asked_at=asked_between)
    assert (Call.objects.get().measured_seconds, len(usage(ben))) == (65, 1)


def test_of_many_calls_in_one_answer_each_that_changed_is_kept(ben: Organization, at_hms: Org) -> None:
    ids = [at_hms.ends(seconds) for seconds in (10, 20, 30)]
    look(ben)
    for hms_id, seconds in zip(ids, (11, 20, 33), strict=True):
        at_hms.ends(seconds, id=hms_id)
    look(ben)
    kept = dict(Call.objects.values_list("hms_id", "measured_seconds"))
    assert [kept[hms_id] for hms_id in ids] == [11, 20, 33]
    assert balance(ben) == 600 - 64


def test_a_call_that_another_client_has_is_not_taken_twice(ben: Organization, at_hms: Org, says: Hms) -> None:
    zoe = hms_says.ready(says, "Zoe", credit=600)
    call_id = at_hms.ends(30)
    look(ben)
    says.of(zoe).ends(30, id=call_id)
    assert [call.id for call in look(zoe).elsewhere] == [call_id]
    assert (balance(ben), balance(zoe), Conflict.objects.count()) == (570, 600, 0)


def test_a_conflict_in_the_ledger_leaves_the_call_as_the_ledger_has_it(ben: Organization, at_hms: Org) -> None:
    call_id = at_hms.ends(30)
    look(ben)
    Call.objects.all().delete()
    at_hms.ends(31, id=call_id)
    look(ben)
    assert (Call.objects.get().billed_seconds, Conflict.objects.count(), balance(ben)) == (0, 1, 570)


def test_the_cursor_stays_when_hms_fails_and_moves_when_it_answers(ben: Organization, at_hms: Org, says: Hms) -> None:
    says.refuses("GET /calls", 400)
    with pytest.raises(HMSError):
        look(ben)
    ben.refresh_from_db()
    assert ben.calls_synced_until is None
    look(ben)
    ben.refresh_from_db()
    assert ben.calls_synced_until is not None


def test_an_id_that_cannot_be_kept_hides_no_other_call(ben: Organization, at_hms: Org) -> None:
    at_hms.ends(10, id="x" * 256)
    at_hms.ends(20)
    look(ben)
    assert usage(ben) == [("usage", -20)]


def test_both_identities_hold_after_all_of_it(ben: Organization, at_hms: Org) -> None:
    ids = [at_hms.ends(seconds) for seconds in (1, 59, 60, 61, 0)]
    look(ben, BY_MINUTE)
    at_hms.ends(200, id=ids[0])
    look(ben, BY_MINUTE)
    told = sum(call["duration_seconds"] for call in at_hms.calls.values())
    sums = Call.objects.aggregate(measured=Sum("measured_seconds"), billed=Sum("billed_seconds"))
    assert sums == {"measured": told, "billed": -sum(amount for _kind, amount in usage(ben))}


def test_a_look_that_brings_nothing_new_locks_no_wallet(ben: Organization, at_hms: Org) -> None:
    at_hms.ends(65)
    at_hms.has(status="in-progress", started_at=datetime.now(UTC))
    look(ben)
    with CaptureQueriesContext(connection) as asked:
        look(ben)
    assert [query["sql"] for query in asked if "FOR NO KEY" in query["sql"] or "billing_" in query["sql"]] == []


def test_a_hold_that_learned_its_call_late_goes_with_the_next_look(ben: Organization, at_hms: Org) -> None:
    call_id = at_hms.ends(65)
    look(ben)
    with transaction.atomic():
        hold = holds.take(organization=ben, now=datetime.now(UTC), destination="+31600000000")
    with transaction.atomic():
        holds.name(hold, hms_call_id=call_id)
    look(ben)
    assert wallets.get(ben.client_id).held == 0
    assert Hold.objects.get().released_at is not None


def test_an_ended_call_that_the_list_shows_is_not_followed_up_within_seconds(ben: Organization, at_hms: Org) -> None:
    endpoint = endpoint_of(ben)
    call_id = at_hms.ends(65)
    HmsEndpoint.objects.update(last_event_at=datetime.now(UTC))
    event = HmsEvent.objects.create(endpoint=endpoint, call_id=call_id, call_status="ended", body_hash="1")
    assert pause(look(ben)) > 30
    HmsEvent.objects.filter(pk=event.pk).update(call_id="another")
    assert pause(look(ben)) <= 5


def test_a_call_that_is_over_for_a_report_and_not_in_the_list_is_followed_up(ben: Organization, at_hms: Org) -> None:
    endpoint = endpoint_of(ben)
    call_id = at_hms.has(status="pondering", created_at=datetime.now(UTC) - timedelta(hours=5))
    Organization.objects.update(wanted_at=datetime.now(UTC) - timedelta(hours=6))
    HmsEvent.objects.create(endpoint=endpoint, call_id=call_id, call_status="ended", body_hash="1")
    assert pause(look(ben)) <= 5


def test_a_question_of_hms_is_no_news_of_a_call(ben: Organization, at_hms: Org) -> None:
    endpoint = endpoint_of(ben)
    look(ben)
    HmsEvent.objects.create(endpoint=endpoint, type="assistant-request", call_id="c1", body_hash="1")
    assert not_before(ben) > 30
    HmsEvent.objects.create(endpoint=endpoint, type="status-update", call_id="c1", body_hash="2")
    assert not_before(ben) <= 0


def test_news_that_a_long_call_goes_on_is_no_reason_to_hurry(ben: Organization, at_hms: Org) -> None:
    endpoint = endpoint_of(ben)
    call_id = at_hms.has(status="in-progress", created_at=datetime.now(UTC) - timedelta(hours=5))
    Organization.objects.update(wanted_at=datetime.now(UTC) - timedelta(hours=6))
    HmsEvent.objects.create(endpoint=endpoint, call_id=call_id, call_status="in-progress", body_hash="1")
    assert pause(look(ben)) > 30


def test_a_call_whose_number_is_gone_is_known_for_a_late_report(ben: Organization, at_hms: Org) -> None:
    endpoint = endpoint_of(ben)
    call_id = at_hms.ends(65)
    look(ben)
    Call.objects.update(hms_id=F("ledger_key"))
    HmsEvent.objects.create(endpoint=endpoint, call_id=call_id, call_status="ended", body_hash="1")
    Organization.objects.update(calls_synced_until=datetime.now(UTC))
    assert not_before(ben) > 30


def endpoint_of(organization: Organization) -> HmsEndpoint:
    hms_endpoints.open_endpoint(organization_id=organization.pk)
    return HmsEndpoint.objects.get(organization_id=organization.pk)


def pause(synced: sync.Synced) -> float:
    assert synced.next_at is not None
    return (synced.next_at - datetime.now(UTC)).total_seconds()


def not_before(organization: Organization) -> float:
    """Seconds until a look is due that nobody asked for; 0 for one that is due."""
    due_at = urgency.not_before(organization.pk, datetime.now(UTC))
    return (due_at - datetime.now(UTC)).total_seconds() if due_at else 0
