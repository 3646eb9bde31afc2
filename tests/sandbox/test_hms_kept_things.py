"""What an organization keeps at HMS beside assistants and numbers: the right wrappers, and no secret that comes out."""

import httpx
import pytest

TRUNK = {"name": "Main", "provider": "Voys", "address": "sip.voys.test", "auth_password": "s3cret"}
KEPT = [
    ("tool-templates", "tool_template", {"name": "Look up", "tool_type": "function", "tool_config": {"a": 1}}),
    ("analysis-templates", "analysis_template", {"name": "Mood", "system_prompt": "s", "user_prompt": "{transcript}"}),
    ("sip-trunks", "trunk", TRUNK),
]


@pytest.mark.parametrize(("path", "one", "body"), KEPT)
def test_a_thing_lives_under_its_wrapper_keys_and_belongs_to_one_organization(agency, path, one, body):
    made = agency.child.post(f"/{path}", json=body)
    assert made.status_code == 201
    thing = made.json()[one]
    assert agency.child.get(f"/{path}/{thing['id']}").json()[one]["name"] == body["name"]
    assert [each["id"] for each in agency.child.get(f"/{path}").json()[f"{one}s"]] == [thing["id"]]
    assert agency.parent.get(f"/{path}/{thing['id']}").status_code == 404
    assert agency.parent.get(f"/{path}").json()[f"{one}s"] == []
    assert agency.child.delete(f"/{path}/{thing['id']}").json() == {"success": True}
    assert agency.child.get(f"/{path}/{thing['id']}").status_code == 404


@pytest.mark.parametrize(("path", "one", "body"), KEPT)
def test_a_thing_without_a_name_is_refused_with_the_field(agency, path, one, body):
    refused = agency.child.post(f"/{path}", json=body | {"name": " "})
    assert (refused.status_code, refused.json()["error"]) == (400, "Missing required field: name")


def test_a_template_is_changed_field_by_field(agency):
    made = agency.child.post("/tool-templates", json=KEPT[0][2]).json()["tool_template"]
    changed = agency.child.patch(f"/tool-templates/{made['id']}", json={"name": "Find"}).json()["tool_template"]
    assert (changed["name"], changed["tool_config"]) == ("Find", {"a": 1})
    wrong = agency.child.patch(f"/tool-templates/{made['id']}", json={"tool_type": "magic"})
    assert (wrong.status_code, wrong.json()["error"]) == (400, "Invalid tool_type")


def test_a_trunk_cannot_be_changed_hides_its_password_and_stays_while_a_number_uses_it(agency):
    made = agency.child.post("/sip-trunks", json=TRUNK).json()["trunk"]
    assert "auth_password" not in made
    assert agency.child.patch(f"/sip-trunks/{made['id']}", json={"name": "x"}).status_code == 405
    body = {"phone_number": "+4930123457", "transfer_trunk_id": made["id"]}
    number = agency.child.post("/numbers", json=body).json()["number"]
    assert number["transfer_trunk_name"] == "Main"
    assert agency.child.delete(f"/sip-trunks/{made['id']}").status_code == 409
    agency.child.patch(f"/numbers/{number['id']}", json={"transfer_trunk_id": None})
    assert agency.child.delete(f"/sip-trunks/{made['id']}").status_code == 200


def test_voices_are_there_to_choose_from(agency):
    assert {"id", "name", "language", "description"} <= set(agency.child.get("/voices").json()["voices"][0])


def test_a_providers_key_goes_in_and_a_reference_comes_out(agency):
    body = {"provider": "openai", "api_key": "sk-12345678"}
    answer = agency.child.post("/byok", json=body)
    assert answer.json()["byok_keys"]["openai_secret_id"]
    assert "sk-12345678" not in agency.child.get("/byok").text
    assert agency.parent.get("/byok").json()["byok_keys"]["openai_secret_id"] is None
    config = agency.child.post("/byok/config", json={"provider": "openai", "config": {"region": "eu"}})
    assert config.json() == {"byok_config": {"openai": {"region": "eu"}}}
    assert agency.child.request("DELETE", "/byok", json={"provider": "openai"}).status_code == 200
    assert agency.child.request("DELETE", "/byok", json={"provider": "openai"}).status_code == 404
    assert agency.child.post("/byok", json={"provider": "acme", "api_key": "x" * 9}).status_code == 400


def test_retention_takes_two_numbers_and_content_goes_first(agency):
    days = {"content_retention_days": 30, "metadata_retention_days": 90}
    assert agency.child.patch("/organizations", json=days).json() == days
    for wrong in (
        {"content_retention_days": 30},
        days | {"content_retention_days": 180},
        days | {"metadata_retention_days": 7},
    ):
        assert agency.child.patch("/organizations", json=wrong).status_code == 400


CAMPAIGN = {
    "name": "Spring",
    "schedule_start_time": "09:00:00",
    "schedule_end_time": "17:00:00",
    "timezone": "Europe/Amsterdam",
    "leads": [{"phone_number": "+31201234567", "variables": {"name": "Ann"}}, {"phone_number": "+31201234568"}],
}


def test_a_campaign_is_a_draft_with_its_leads_until_it_is_started(agency):
    made = agency.child.post("/campaigns", json=CAMPAIGN | {"agent_id": agency.assistant_id}).json()["campaign"]
    assert (made["status"], made["total_leads"]) == ("draft", 2)
    leads = agency.child.get(f"/campaigns/{made['id']}/leads").json()["leads"]
    assert [(lead["phone_number"], lead["status"]) for lead in leads] == [
        ("+31201234567", "pending"),
        ("+31201234568", "pending"),
    ]
    added = agency.child.post(f"/campaigns/{made['id']}/leads", json={"phone_number": "+31201234569"})
    assert added.json()["lead"]["campaign_id"] == made["id"]
    assert agency.child.delete(f"/campaigns/{made['id']}/leads/{leads[0]['id']}").status_code == 200
    started = agency.child.patch(f"/campaigns/{made['id']}", json={"status": "scheduled"}).json()["campaign"]
    assert (started["status"], started["total_leads"]) == ("scheduled", 2)


def test_a_running_campaign_rings_its_next_lead_when_told(sandbox, agency):
    made = agency.child.post("/campaigns", json=CAMPAIGN | {"agent_id": agency.assistant_id}).json()["campaign"]
    agency.child.patch(f"/campaigns/{made['id']}", json={"status": "scheduled"})
    rung = sandbox.post(f"/hms/campaigns/{made['id']}/ring")
    sandbox.post(f"/hms/calls/{rung['call_id']}/end", duration_seconds=40)
    leads = agency.child.get(f"/campaigns/{made['id']}/leads").json()["leads"]
    assert (leads[0]["status"], leads[0]["call_id"], leads[0]["attempts"]) == ("completed", rung["call_id"], 1)
    assert agency.child.get(f"/campaigns/{made['id']}").json()["campaign"]["completed_leads"] == 1


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"timezone": "Mars/Base"}, "Invalid timezone"),
        ({"schedule_start_time": "9 am"}, "Invalid schedule_start_time"),
        ({"leads": [{"phone_number": "020"}]}, "Invalid leads"),
        ({"agent_id": "nobody"}, "Assistant not found"),
        ({"name": ""}, "Missing required field: name"),
    ],
)
def test_a_campaign_that_makes_no_sense_is_refused(agency, change, error):
    refused = agency.child.post("/campaigns", json=CAMPAIGN | {"agent_id": agency.assistant_id} | change)
    assert refused.json()["error"] == error


@pytest.fixture
def mailing(agency):
    """An agency whose client has a key of its own at Resend."""
    agency.child.post("/byok", json={"provider": "resend", "api_key": "re_12345678"})
    return agency


def test_a_domain_needs_a_key_at_resend(agency):
    refused = agency.child.post("/domains", json={"domain_name": "mail.acme.test"})
    assert (refused.status_code, refused.json()["error"]) == (400, "Resend API key missing")
    assert agency.child.get("/domains/sync").status_code == 400


def test_a_domain_is_checked_in_two_steps(mailing):
    agency = mailing
    assert agency.child.get("/domains").json() == {"domain": None}
    assert agency.child.post("/domains/verify").status_code == 404
    made = agency.child.post("/domains", json={"domain_name": "mail.acme.test"})
    assert (made.status_code, made.json()["domain"]["status"]) == (201, "not_started")
    assert made.json()["domain"]["records"][0]["name"] == "send.mail.acme.test"
    assert agency.child.post("/domains", json={"domain_name": "mail.acme.test"}).status_code == 409
    assert agency.child.post("/domains/refresh").json()["domain"]["status"] == "not_started"
    assert agency.child.post("/domains/verify").json()["domain"]["verified_at"] is None
    verified = agency.child.post("/domains/refresh").json()["domain"]
    assert (verified["status"], verified["records"][0]["status"]) == ("verified", "verified")
    assert agency.parent.get("/domains").json() == {"domain": None}
    assert agency.child.delete("/domains").json() == {"success": True}


def test_a_domain_may_be_taken_from_resend(mailing):
    agency = mailing
    there = agency.child.get("/domains/sync").json()
    assert there["selected_domain_id"] is None
    chosen = agency.child.post("/domains/sync", json={"resendDomainId": there["domains"][0]["id"]}).json()["domain"]
    assert (chosen["domain_name"], chosen["status"]) == (there["domains"][0]["name"], "verified")
    assert agency.child.get("/domains/sync").json()["selected_domain_id"] == there["domains"][0]["id"]
    assert agency.child.post("/domains/sync", json={"resendDomainId": "rd_other"}).status_code == 404
    assert agency.child.post("/domains", json={"domain_name": "no name"}).status_code == 400


def test_a_campaign_rings_nobody_without_minutes_or_while_its_assistant_is_off(sandbox, agency):
    made = agency.child.post("/campaigns", json=CAMPAIGN | {"agent_id": agency.assistant_id}).json()["campaign"]
    agency.child.patch(f"/campaigns/{made['id']}", json={"status": "scheduled"})
    ring = f"{sandbox.url}/_sandbox/hms/campaigns/{made['id']}/ring"
    agency.child.patch(f"/assistants/{agency.assistant_id}", json={"is_active": False})
    assert httpx.post(ring).status_code == 409
    agency.child.patch(f"/assistants/{agency.assistant_id}", json={"is_active": True})
    sandbox.post(f"/hms/organizations/{agency.id}/minutes", minutes=-500)
    assert httpx.post(ring).status_code == 409
    sandbox.post(f"/hms/organizations/{agency.id}/minutes", minutes=1)
    assert httpx.post(ring).status_code == 201
