"""Calls that run and may not go on end with a sentence, and HMS is not told so too often."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agencies.models import Agency
from calls import aftermath, cutting, holds, obstacles, sync
from calls.models import Call
from clients import limits
from clients.limits import Limits
from clients.models import Client
from follow_ups.models import FollowUp
from organizations.models import Organization
from tests.support import hms_says
from tests.support.booking import book
from tests.support.hms_says import PER_SECOND, Hms

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(connected_acme: Agency, says: Hms) -> Organization:
    return hms_says.ready(says, credit=600)


def talk(organization: Organization, says: Hms, seconds: int, **fields: Any) -> str:
    """A call that has been talked for so long, with its hold, as the list shows it."""
    since = datetime.now(UTC) - timedelta(seconds=seconds)
    call_id = says.of(organization).has(status="in-progress", created_at=since, started_at=since, **fields)
    sync.sync(organization.pk, terms=PER_SECOND)
    return call_id


def ended(says: Hms) -> list[dict[str, Any]]:
    return [body for body in says.bodies if body and body.get("type") == "end-call"]


def test_a_call_within_its_credits_goes_on(ben: Organization, says: Hms) -> None:
    holds.take(organization=ben, now=datetime.now(UTC), hms_call_id=talk(ben, says, 590))
    assert cutting.look(ben.pk) == 0
    assert ended(says) == []


def test_when_the_balance_falls_the_call_ends_with_a_sentence(ben: Organization, says: Hms) -> None:
    talk(ben, says, 300)
    book(ben.client_id, "dispute", -400)
    assert cutting.look(ben.pk) == 1
    assert "our time for this call is over" in ended(says)[0]["message"]
    call = Call.objects.get()
    assert (call.cut_off_why, call.cut_off_at is not None) == ("credits", True)


def test_what_two_calls_have_talked_counts_together(ben: Organization, says: Hms) -> None:
    talk(ben, says, 301)
    talk(ben, says, 301)
    assert cutting.look(ben.pk) == 2


def test_a_call_whose_end_was_never_told_counts_for_no_more_than_it_was_allowed(ben: Organization, says: Hms) -> None:
    stuck = talk(ben, says, 3600)
    holds.take(organization=ben, now=datetime.now(UTC), hms_call_id=stuck, assistant_maximum=100)
    assert cutting.look(ben.pk) == 0


def test_a_command_is_not_repeated_at_once_and_is_repeated_later(ben: Organization, says: Hms) -> None:
    talk(ben, says, 300)
    book(ben.client_id, "dispute", -400)
    says.refuses("POST /calls/call", 500)
    assert [cutting.look(ben.pk), cutting.look(ben.pk)] == [1, 0]
    Call.objects.update(cut_off_at=datetime.now(UTC) - cutting.AGAIN_AFTER)
    assert cutting.look(ben.pk) == 1
    assert len(ended(says)) == 2


def test_one_that_cannot_be_ended_does_not_keep_the_others(ben: Organization, says: Hms) -> None:
    talk(ben, says, 301)
    talk(ben, says, 301)
    says.refuses("POST /calls/call", 400)
    cutting.look(ben.pk)
    assert len(ended(says)) == 2


def test_a_call_that_rings_is_left_to_ring(ben: Organization, says: Hms) -> None:
    says.of(ben).has(status="ringing")
    sync.sync(ben.pk, terms=PER_SECOND)
    book(ben.client_id, "dispute", -700)
    assert cutting.look(ben.pk) == 0


def test_at_the_limit_of_a_day_what_runs_ends(ben: Organization, says: Hms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(obstacles, "midnight", lambda: datetime.now(UTC) - timedelta(hours=12))
    limits.choose(client_id=ben.client_id, limits=Limits(seconds_a_day=300))
    talk(ben, says, 299)
    assert cutting.look(ben.pk) == 0
    talk(ben, says, 200)
    assert cutting.look(ben.pk) == 2
    assert Call.objects.first().cut_off_why == "day"


def test_a_suspended_clients_calls_end(ben: Organization, says: Hms) -> None:
    talk(ben, says, 5)
    Client.objects.update(state=Client.State.SUSPENDED)
    assert cutting.look(ben.pk) == 1
    assert "this call has to end now" in ended(says)[0]["message"]


def test_a_balance_that_moved_has_running_calls_looked_at_now(ben: Organization, says: Hms) -> None:
    FollowUp.objects.all().delete()
    aftermath.of_movement(ben.client_id)
    mine = FollowUp.objects.filter(kind="sync_calls", subject=str(ben.pk))
    assert not mine.exists()
    talk(ben, says, 5)
    FollowUp.objects.all().delete()
    aftermath.of_movement(ben.client_id)
    assert mine.exists()
