"""Assistants and numbers: create, read, change, delete."""

import httpx
import pytest


def test_an_assistant_lives_under_its_wrapper_keys(agency):
    made = agency.child.post("/assistants", json={"name": "Night desk", "webhook_events": ["status-update"]})
    assistant = made.json()["assistant"]
    assert (made.status_code, assistant["is_active"]) == (201, True)
    changed = agency.child.patch(f"/assistants/{assistant['id']}", json={"is_active": False}).json()["assistant"]
    assert (changed["is_active"], changed["name"]) == (False, "Night desk")
    assert len(agency.child.get("/assistants").json()["assistants"]) == 2
    assert agency.child.delete(f"/assistants/{assistant['id']}").json() == {"success": True}
    assert agency.child.get(f"/assistants/{assistant['id']}").status_code == 404


def test_agents_is_the_old_name_of_assistants(agency):
    assert agency.child.get(f"/agents/{agency.assistant_id}").json()["assistant"]["id"] == agency.assistant_id


def test_an_assistant_needs_a_name_and_known_events(agency):
    assert agency.child.post("/assistants", json={}).status_code == 400
    unknown = {"name": "X", "webhook_events": ["status-updates"]}
    assert agency.child.post("/assistants", json=unknown).status_code == 400


def test_what_is_no_json_is_400(agency):
    assert agency.child.post("/assistants", content=b"{").status_code == 400
    assert agency.child.post("/assistants", content=b"[]").status_code == 400


def test_a_number_is_made_detached_and_deleted(agency):
    body = {"phone_number": "+4930123456", "agent_id": agency.assistant_id}
    number = agency.child.post("/numbers", json=body).json()["number"]
    assert number["agent_name"] == "Front desk"
    detached = agency.child.patch(f"/numbers/{number['id']}", json={"agent_id": None}).json()["number"]
    assert (detached["agent_id"], detached["agent_name"]) == (None, None)
    assert agency.child.delete(f"/numbers/{number['id']}").status_code == 200


def test_a_number_belongs_to_one_organization_only(agency, open_agency):
    answer = open_agency().child.post("/numbers", json={"phone_number": agency.number})
    assert answer.status_code == 409


def test_something_that_is_no_number_is_refused(agency):
    assert agency.child.post("/numbers", json={"phone_number": "020 123"}).status_code == 400


def test_a_new_organization_has_nothing_but_the_number_its_agency_forwards(sandbox, agency):
    opened = agency.parent.post("/organizations", json={"name": "Zoe", "parent_org_id": agency.id}).json()
    zoe = sandbox.hms(opened["api_key"])
    assert zoe.get("/assistants").json() == {"assistants": []}
    assert [number["agent_id"] for number in zoe.get("/numbers").json()["numbers"]] == [None]


def test_a_new_organization_has_nothing_at_all_where_no_number_is_given(sandbox, agency):
    sandbox.post("/hms/settings", number_for_child=False)
    opened = agency.parent.post("/organizations", json={"name": "Yara", "parent_org_id": agency.id}).json()
    sandbox.post("/hms/settings", number_for_child=True)
    assert sandbox.hms(opened["api_key"]).get("/numbers").json() == {"numbers": []}


def test_a_new_assistant_speaks_hears_and_thinks_without_being_told_how(agency):
    made = agency.child.post("/assistants", json={"name": "Plain"}).json()["assistant"]
    assert all(made[name]["provider"] for name in ("stt_config", "llm_config", "tts_config"))


def test_two_fields_are_taken_in_a_change_alone(agency):
    more = {"notification_emails": ["a@acme.test"], "recording_consent": {"enabled": True, "message": "Press 1."}}
    made = agency.child.post("/assistants", json={"name": "Careful"} | more).json()["assistant"]
    assert made["recording_consent"] is None
    changed = agency.child.patch(f"/assistants/{made['id']}", json=more).json()["assistant"]
    assert {name: changed[name] for name in more} == more


@pytest.mark.parametrize(
    "wrong",
    [
        {"gdpr_mode": "yes"},
        {"is_active": 1},
        {"notification_emails": ["a@acme.test"] * 6},
        {"recording_consent": {"message": "Press 1."}},
        {"max_duration_seconds": 0},
    ],
)
def test_a_change_that_makes_no_sense_is_refused(agency, wrong):
    assert agency.child.patch(f"/assistants/{agency.assistant_id}", json=wrong).status_code == 400


def test_a_number_whose_assistant_is_deleted_stays_and_answers_nobody(sandbox, agency):
    agency.child.delete(f"/assistants/{agency.assistant_id}")
    number = agency.child.get(f"/numbers/{agency.seeded['number_id']}").json()["number"]
    assert (number["agent_id"], number["agent_name"]) == (None, None)
    assert sandbox.post("/hms/calls/inbound", number=agency.number)["status"] == "rejected"


def test_an_assistant_that_is_switched_off_takes_no_call_from_a_browser(sandbox, agency):
    agency.child.patch(f"/assistants/{agency.assistant_id}", json={"is_active": False})
    headers = {"Authorization": f"Bearer {agency.child_key}"}
    body = {"assistant_id": agency.assistant_id}
    assert httpx.post(f"{sandbox.url}/hms/v1/web-calls", json=body, headers=headers).status_code == 400
