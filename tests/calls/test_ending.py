"""Ending a call: HMS hangs up, and its list is read again whatever it answers."""

from typing import Any

import httpx
import pytest

from calls import ending
from calls.models import Call
from follow_ups.models import FollowUp
from organizations.models import Organization
from tests.support import hms_says
from tests.support.hms_says import Hms

pytestmark = pytest.mark.django_db
ACTOR = {"kind": "client", "id": "1", "email": "ben@client.test"}


@pytest.fixture
def organization(connected_acme: Any, says: Hms) -> Organization:
    made = hms_says.ready(says)
    FollowUp.objects.all().delete()
    return made


def call_that_is(status: str, organization: Organization, says: Hms) -> Call:
    told = says.of(organization).has(status=status)
    return Call.objects.create(organization=organization, hms_id=told, status=status, placed_at="2026-01-01T00:00Z")


def is_looked_at() -> bool:
    return FollowUp.objects.filter(kind="sync_calls").exists()


def test_a_running_call_is_hung_up_and_looked_at(organization: Organization, says: Hms) -> None:
    call = call_that_is("in-progress", organization, says)
    ending.end(call, actor=ACTOR)
    assert says.of(organization).calls[call.hms_id]["status"] == "ended"
    assert is_looked_at()


@pytest.mark.parametrize("status", ["dialing", "ringing", "ended"])
def test_what_does_not_run_cannot_be_ended(organization: Organization, says: Hms, status: str) -> None:
    call = call_that_is(status, organization, says)
    with pytest.raises(ending.NotRunning):
        ending.end(call, actor=ACTOR)
    assert is_looked_at()


@pytest.mark.parametrize("status", [403, 404])
def test_what_hms_does_not_have_cannot_be_ended(organization: Organization, says: Hms, status: int) -> None:
    call = call_that_is("in-progress", organization, says)
    says.refuses("POST /calls/", status)
    with pytest.raises(ending.NotRunning):
        ending.end(call, actor=ACTOR)
    assert is_looked_at()


def test_a_lost_answer_is_said_and_not_repeated(organization: Organization, says: Hms) -> None:
    call = call_that_is("in-progress", organization, says)
    says.requests.clear()
    says.loses_the_answer("POST /calls/")
    with pytest.raises(ending.EndingUnclear):
        ending.end(call, actor=ACTOR)
    assert len(says.requests) == 1
    assert is_looked_at()


def test_commands_that_come_too_fast_are_told(
    organization: Organization, says: Hms, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = call_that_is("in-progress", organization, says)
    monkeypatch.setattr(says, "controlled", lambda *_said: httpx.Response(429, json={"error": "Rate limit exceeded"}))
    with pytest.raises(ending.CannotEnd, match="in a minute"):
        ending.end(call, actor=ACTOR)
