"""Numbers of callers go when HMS lets them go, at once in privacy mode; what is booked stays booked once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agencies.models import Agency
from billing import ledger, proof, wallets
from billing.models import LedgerEntry
from calls import content, forgetting, holds, identity, placing, statement, sync
from calls.models import Call, Hold
from hms_client import Call as HmsCall
from organizations.models import Organization
from tenancy import door
from tests.support import hms_says
from tests.support.booking import ADA
from tests.support.hms_says import PER_SECOND, Hms

pytestmark = pytest.mark.django_db
NUMBER = "31612345678"
NOW = datetime.now(UTC)
ANSWER = {"kind": "client", "id": "7", "email": "ben@client.test"}


@pytest.fixture
def ben(connected_acme: Agency, says: Hms) -> Organization:
    organization = hms_says.ready(says, credit=6000)
    says.of(organization).assistants.append({"id": "open", "name": "Open"})
    says.of(organization).assistants.append({"id": "private", "name": "Private", "gdpr_mode": True})
    return organization


def look(organization: Organization) -> Call:
    sync.sync(organization.pk, terms=PER_SECOND)
    return Call.objects.latest("placed_at")


def again(organization: Organization) -> sync.Synced:
    """HMS's list once more, as far back as it goes."""
    return sync.read_again(organization.pk, terms=PER_SECOND, start=NOW - timedelta(days=900), until=NOW)


def everything() -> str:
    """All that is kept of calls, holds and movements."""
    rows = [*Call.objects.values(), *Hold.objects.values(), *LedgerEntry.objects.values()]
    return str([{name: value for name, value in row.items() if name not in ("own_number", "digest")} for row in rows])


def hold_for(organization: Organization, call_id: str) -> None:
    holds.take(organization=organization, now=NOW, hms_call_id=call_id)


def test_the_ledger_knows_a_call_by_an_id_that_holds_no_number(ben: Organization, says: Hms) -> None:
    says.of(ben).ends(60)
    call = look(ben)
    entry = LedgerEntry.objects.get(kind="usage")
    assert (entry.source_id, call.hms_id != call.ledger_key) == (call.ledger_key, True)
    assert NUMBER not in str(LedgerEntry.objects.values())


def test_the_same_id_has_the_same_hash_and_another_agency_has_another(
    ben: Organization, acme: Agency, globex: Agency
) -> None:
    first = identity.hasher()("call-1")
    assert (identity.hasher()("call-1"), identity.hasher()("call-2") != first) == (first, True)
    with door.leave(), door.enter(globex):
        assert identity.hasher()("call-1") != first


def test_a_number_goes_with_the_time_that_hms_keeps_it(ben: Organization, says: Hms) -> None:
    Organization.objects.update(metadata_days=90)
    call_id = says.of(ben).ends(60)
    hold_for(ben, call_id)
    call = look(ben)
    forgetting.forget(NOW + timedelta(days=89))
    call.refresh_from_db()
    assert (call.customer_number, call.hms_id) == (f"+{NUMBER}", call_id)
    assert forgetting.forget(NOW + timedelta(days=91)) == 1
    assert NUMBER not in everything()
    assert call_id not in everything()


def test_without_a_time_that_was_set_the_shortest_is_taken(ben: Organization, says: Hms) -> None:
    says.of(ben).ends(60)
    look(ben)
    assert (forgetting.forget(NOW + timedelta(days=29)), forgetting.forget(NOW + timedelta(days=31))) == (0, 1)


def test_forgetting_twice_looks_at_nothing_twice(ben: Organization, says: Hms) -> None:
    says.of(ben).ends(60)
    look(ben)
    later = NOW + timedelta(days=31)
    assert [forgetting.forget(later), forgetting.forget(later)] == [1, 0]


def test_a_call_that_is_told_again_after_that_is_booked_once_and_stays_forgotten(ben: Organization, says: Hms) -> None:
    call_id = says.of(ben).ends(60)
    look(ben)
    forgetting.forget(NOW + timedelta(days=31))
    assert again(ben).entries == 0
    says.of(ben).ends(75, id=call_id)
    assert again(ben).entries == 1
    call = Call.objects.get()
    assert (call.billed_seconds, wallets.get(ben.client_id).balance) == (75, 6000 - 75)
    assert call.is_forgotten
    assert NUMBER not in everything()
    assert [entry.amount for entry in statement.of_call(call)] == [-60, -15]
    assert proof.verify().findings == []


def test_a_call_that_comes_only_after_its_time_has_no_number_from_the_start(ben: Organization, says: Hms) -> None:
    forgetting.forget(NOW)
    says.of(ben).ends(60, ended_at=NOW - timedelta(days=40))
    again(ben)
    assert Call.objects.get().billed_seconds == 60
    assert NUMBER not in everything()


def test_nothing_is_asked_of_hms_about_a_call_that_is_forgotten(ben: Organization, says: Hms) -> None:
    says.of(ben).ends(60)
    call = look(ben)
    forgetting.forget(NOW + timedelta(days=31))
    call.refresh_from_db()
    asked = len(says.requests)
    assert content.read(call).state is content.State.NOTHING
    with pytest.raises(content.NoRecording):
        content.recording_url(call)
    assert len(says.requests) == asked


def test_a_call_booked_before_there_were_hashes_keeps_its_entries(ben: Organization, says: Hms) -> None:
    call_id = says.of(ben).ends(60)
    hms_call = HmsCall.from_json(says.of(ben).calls[call_id])
    old = Call.objects.create(
        organization=ben,
        hms_id=call_id,
        status="ended",
        customer_number=f"+{NUMBER}",
        placed_at=hms_call.created_at,
        ended_at=hms_call.ended_at,
        measured_seconds=60,
        billed_seconds=60,
        booked_at=NOW,
        asked_at=NOW - timedelta(minutes=1),
    )
    ledger.post(
        client_id=ben.client_id,
        amount=-60,
        kind=LedgerEntry.Kind.USAGE,
        source="hms",
        source_id=call_id,
        fact={"call": call_id, "measured_seconds": 60},
        livemode=True,
        actor=ADA,
    )
    assert again(ben).entries == 0
    says.of(ben).ends(75, id=call_id)
    assert again(ben).entries == 1
    forgetting.forget(NOW + timedelta(days=31))
    old.refresh_from_db()
    assert (old.customer_number, old.hms_id, Call.objects.count()) == ("", call_id, 1)
    entries = statement.of_call(old)
    assert [entry.source_id for entry in entries] == [call_id, f"{call_id}#1"]
    assert all(line.call == old for line in statement.explained(ben.client_id, entries))


@pytest.mark.parametrize("assistant", ["private", "gone"])
def test_of_a_private_call_no_number_is_kept_once_it_is_settled(ben: Organization, says: Hms, assistant: str) -> None:
    call_id = says.of(ben).has(status="in-progress", started_at=NOW, agent_id=assistant)
    hold_for(ben, call_id)
    running = look(ben)
    assert (running.is_private, running.customer_number, running.hms_id) == (True, "", call_id)
    says.of(ben).ends(60, id=call_id, agent_id=assistant)
    call = look(ben)
    assert (call.billed_seconds, call.is_forgotten) == (60, True)
    assert Hold.objects.get().released_at is not None
    assert NUMBER not in everything()


def test_a_private_call_is_booked_once_and_corrected_as_any_other(ben: Organization, says: Hms) -> None:
    call_id = says.of(ben).ends(60, agent_id="private")
    assert [sync.sync(ben.pk, terms=PER_SECOND).entries for _time in range(3)] == [1, 0, 0]
    says.of(ben).ends(50, id=call_id, agent_id="private")
    assert sync.sync(ben.pk, terms=PER_SECOND).entries == 1
    assert wallets.get(ben.client_id).balance == 6000 - 50
    assert NUMBER not in everything()
    assert proof.verify().findings == []


def test_what_was_said_in_a_private_call_is_not_even_asked_for(ben: Organization, says: Hms) -> None:
    says.of(ben).ends(60, agent_id="private")
    call, asked = look(ben), len(says.requests)
    assert content.read(call).state is content.State.PRIVATE
    assert len(says.requests) == asked


def test_a_private_assistant_places_a_call_and_its_hold_forgets_whom(ben: Organization, says: Hms) -> None:
    placed: Any = placing.start(
        client_id=ben.client_id, assistant_id="private", number_id=None, destination=f"+{NUMBER}", actor=ANSWER
    )
    assert placed.customer_number == ""
    says.of(ben).ends(60, id=placed.hms_id, direction="outbound", agent_id="private")
    look(ben)
    assert NUMBER not in everything()
    assert wallets.get(ben.client_id).held == 0


def test_a_private_call_whose_answer_was_lost_finds_its_hold(ben: Organization, says: Hms) -> None:
    says.loses_the_answer("POST /calls/outbound")
    with pytest.raises(placing.AnswerLost):
        placing.start(
            client_id=ben.client_id, assistant_id="private", number_id=None, destination=f"+{NUMBER}", actor=ANSWER
        )
    (call_id,) = says.of(ben).calls
    says.of(ben).ends(60, id=call_id, direction="outbound", agent_id="private")
    look(ben)
    assert wallets.get(ben.client_id).held == 0
    assert NUMBER not in everything()


def test_an_open_assistants_number_is_kept(ben: Organization, says: Hms) -> None:
    says.of(ben).ends(60, agent_id="open")
    call = look(ben)
    assert (call.is_private, call.customer_number) == (False, f"+{NUMBER}")


def test_an_assistant_made_at_hms_since_it_was_asked_is_not_taken_for_a_private_one(
    ben: Organization, says: Hms
) -> None:
    says.of(ben).ends(60, agent_id="open")
    look(ben)
    says.of(ben).assistants.append({"id": "new", "name": "New"})
    call_id = says.of(ben).ends(60, agent_id="new")
    look(ben)
    call = Call.objects.get(hms_id=call_id)
    assert (call.is_private, call.customer_number) == (False, f"+{NUMBER}")


def test_without_a_new_call_hms_is_not_asked_for_assistants(ben: Organization, says: Hms) -> None:
    says.of(ben).ends(60, agent_id="open")
    look(ben)
    asked = says.requests.count("GET /assistants")
    look(ben)
    assert says.requests.count("GET /assistants") == asked
