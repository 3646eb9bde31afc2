"""Calls on the agency's minutes that are no client's are kept apart, and charged to nobody."""

from datetime import UTC, datetime, timedelta

import pytest

from agencies import attention, discrepancies, quarantine
from agencies.attention import Action
from agencies.models import Agency, Discrepancy, StrayCall
from billing.models import LedgerEntry
from calls import sync
from calls.models import Call
from organizations.models import Organization
from portal.jobs import hms as jobs
from tests.support import hms_says
from tests.support.hms_says import PER_SECOND, Hms, Org
from vault.models import HMSConnection

pytestmark = pytest.mark.django_db
Kind = Discrepancy.Kind
LONG_AGO = timedelta(hours=20)


@pytest.fixture
def parent(connected_acme: Agency, says: Hms) -> Org:
    return next(iter(says.orgs.values()))


def look() -> None:
    quarantine.look(datetime.now(UTC))


def told() -> set[str]:
    return set(discrepancies.unresolved().filter(kind=Kind.STRAY_CALLS).values_list("subject", flat=True))


def test_a_call_of_the_agencys_own_organization_is_shown_and_charged_to_nobody(parent: Org) -> None:
    call_id = parent.ends(90, ended_at=datetime.now(UTC) - LONG_AGO, agent_name="Test desk")
    for _time in range(2):
        look()
    kept = StrayCall.objects.get()
    assert (kept.why, kept.measured_seconds, kept.organization_name) == ("own", 90, "acme")
    assert (quarantine.count(), quarantine.latest(5)) == ((1, 90), [kept])
    assert not Call.objects.exists()
    assert not LedgerEntry.objects.filter(source="hms").exists()
    assert told() == {"calls own"}
    assert attention.items()[0].action is Action.OPEN_MINUTES
    stored = repr(StrayCall.objects.values().get())
    assert call_id not in stored
    assert "31612345678" not in stored


def test_what_a_client_may_still_turn_out_to_have_is_not_kept(parent: Org) -> None:
    parent.ends(90, ended_at=datetime.now(UTC) - timedelta(hours=8))
    parent.has(status="in-progress", created_at=datetime.now(UTC) - LONG_AGO)
    look()
    assert (StrayCall.objects.count(), told()) == (0, set())


def test_a_clients_call_in_the_parents_list_is_the_clients(parent: Org, says: Hms) -> None:
    ben = hms_says.ready(says, credit=600)
    at = datetime.now(UTC) - LONG_AGO
    call_id = says.of(ben).ends(60, ended_at=at)
    parent.ends(60, id=call_id, ended_at=at)
    look()
    assert StrayCall.objects.count() == 1
    ben.wanted_at = at - LONG_AGO
    ben.save()
    sync.sync(ben.pk, terms=PER_SECOND)
    look()
    assert (StrayCall.objects.count(), told()) == (0, set())


def test_trap_51_a_call_that_another_client_has_is_kept_apart_and_nobody_charged_again(
    connected_acme: Agency, says: Hms
) -> None:
    ben, zoe = hms_says.ready(says, credit=600), hms_says.ready(says, "Zoe", credit=600)
    call_id = says.of(ben).ends(30)
    says.of(zoe).ends(30, id=call_id)
    for organization in (ben, zoe, zoe):
        jobs.sync_calls(str(organization.pk))
    assert [entry.wallet_id for entry in LedgerEntry.objects.filter(source="hms")] == [ben.client_id]
    kept = StrayCall.objects.get()
    assert (kept.why, kept.organization_name) == ("twice", zoe.hms_name)
    assert told() == {f"calls twice {zoe.pk}"}


def test_an_organization_at_hms_that_is_no_clients_is_told_once_and_until_it_is_gone(parent: Org, says: Hms) -> None:
    hms_says.ready(says)
    waiting = hms_says.ready(says, "Zoe")
    Organization.objects.filter(pk=waiting.pk).update(hms_id=None, api_key_sealed=None, state="requested")
    stranger = says.opens("Made by hand", parent.id)
    for _time in range(2):
        look()
    assert told() == {f"organization {stranger.id}"}
    row = discrepancies.unresolved().get()
    discrepancies.resolve(discrepancy_id=row.pk, resolution="Our own tests", actor={"kind": "member"})
    look()
    assert told() == set()
    del says.orgs[stranger.key]
    look()


def test_a_stranger_that_goes_away_closes_by_itself(parent: Org, says: Hms) -> None:
    stranger = says.opens("Made by hand", parent.id)
    look()
    del says.orgs[stranger.key]
    look()
    assert told() == set()


def test_nothing_is_kept_for_longer_than_needed(parent: Org) -> None:
    parent.ends(90, ended_at=datetime.now(UTC) - LONG_AGO)
    look()
    parent.calls.clear()
    StrayCall.objects.update(placed_at=datetime.now(UTC) - quarantine.KEPT - timedelta(days=1))
    look()
    assert (StrayCall.objects.count(), told()) == (0, set())


def test_the_job_comes_back_daily_and_stops_without_a_key(acme: Agency, connected_acme: Agency) -> None:
    again_at = jobs.stray_calls("")
    assert again_at is not None
    assert again_at - datetime.now(UTC) > timedelta(hours=23)
    HMSConnection.objects.update(api_key_sealed=None)
    assert jobs.stray_calls("") is None


def test_what_is_kept_of_one_agency_is_not_shown_to_another(parent: Org, globex: Agency) -> None:
    parent.ends(90, ended_at=datetime.now(UTC) - LONG_AGO)
    look()
    StrayCall.objects.update(agency=globex)
    assert (quarantine.count(), quarantine.latest(5)) == ((0, 0), [])
