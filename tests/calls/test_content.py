"""What was said is shown live or not at all: never what HMS has let go, never what an assistant keeps private."""

from typing import Any

import pytest

from calls import content
from calls.content import CannotAsk, NoRecording, State
from calls.models import Call
from organizations.models import Organization
from tests.support import hms_says
from tests.support.hms_says import Hms, Org

pytestmark = pytest.mark.django_db
SAID = {
    "messages": [
        {"role": "system", "content": "You are a secret prompt."},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "Hi"},
        {"role": "user", "content": ""},
    ],
    "summary": "Somebody said hi.",
    "analysis_result": {
        "intent": "greet",
        "was_kind": True,
        "next": {"day": "Thursday", "none": None},
        "tags": ["a", 2],
    },
    "recording_url": "https://recordings.test/1.mp3",
}


@pytest.fixture
def organization(connected_acme: Any, says: Hms) -> Organization:
    return hms_says.ready(says)


@pytest.fixture
def org(organization: Organization, says: Hms) -> Org:
    return says.of(organization)


def ours(organization: Organization, hms_id: str) -> Call:
    return Call.objects.create(organization=organization, hms_id=hms_id, status="ended", placed_at="2026-01-01T00:00Z")


def assistant(org: Org, **fields: Any) -> str:
    org.assistants.append({"id": "a-1", "name": "Front desk", **fields})
    return "a-1"


def test_everything_that_hms_keeps_is_shown_but_the_prompt(organization: Organization, org: Org) -> None:
    told = org.ends(60, agent_id=assistant(org), **SAID)
    found = content.read(ours(organization, told))
    assert [(turn.by_assistant, turn.text) for turn in found.turns] == [(True, "Hello"), (False, "Hi")]
    assert found.summary == "Somebody said hi."
    assert found.facts == (
        ("Intent", "greet"),
        ("Was kind", "True"),
        ("Next · day", "Thursday"),
        ("Tags", "a, 2"),
    )
    assert (found.state, found.number, found.has_recording) == (State.SHOWN, "+31612345678", True)


def test_what_hms_has_let_go_is_gone_here_at_once(organization: Organization, org: Org) -> None:
    told = org.ends(60, agent_id=assistant(org), **SAID)
    call = ours(organization, told)
    assert content.read(call).state is State.SHOWN
    org.calls[told] |= dict.fromkeys(SAID) | {"caller_phone": None}
    found = content.read(call)
    assert (found.state, found.turns, found.summary, found.number) == (State.NOTHING, (), "", "")
    with pytest.raises(NoRecording):
        content.recording_url(call)


def test_a_call_that_hms_has_forgotten_has_nothing(organization: Organization) -> None:
    assert content.read(ours(organization, "gone")).state is State.NOTHING


def test_a_call_that_hms_says_is_somebody_elses_has_nothing(organization: Organization, org: Org, says: Hms) -> None:
    call = ours(organization, org.ends(60, agent_id=assistant(org), **SAID))
    says.refuses("GET /calls/", 403)
    assert content.read(call).state is State.NOTHING


@pytest.mark.parametrize("fields", [{"gdpr_mode": True}, {"id": "another"}], ids=["private", "not listed any more"])
def test_of_an_assistant_that_is_or_may_be_private_nothing_is_shown(
    organization: Organization, org: Org, fields: dict[str, Any]
) -> None:
    assistant(org, **fields)
    call = ours(organization, org.ends(60, agent_id="a-1", **SAID))
    assert content.read(call) == content.Content(State.PRIVATE)
    with pytest.raises(NoRecording):
        content.recording_url(call)


def test_who_does_not_know_whether_it_is_private_shows_nothing(organization: Organization, org: Org, says: Hms) -> None:
    call = ours(organization, org.ends(60, agent_id=assistant(org), **SAID))
    for _retry in range(2):
        says.refuses("GET /assistants", 503)
    with pytest.raises(CannotAsk):
        content.read(call)


def test_a_provider_that_is_away_is_said(organization: Organization, org: Org, says: Hms) -> None:
    call = ours(organization, org.ends(60, **SAID))
    for _retry in range(2):
        says.refuses("GET /calls/", 503)
    with pytest.raises(CannotAsk):
        content.read(call)


def test_nothing_of_it_is_written_down(organization: Organization, org: Org) -> None:
    call = ours(organization, org.ends(60, agent_id=assistant(org), **SAID))
    before = Call.objects.values().get(pk=call.pk)
    content.read(call)
    assert Call.objects.values().get(pk=call.pk) == before
