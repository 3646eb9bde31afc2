"""Everything HMS is known to have is there, with the fields it is known to have, and nothing else is."""

import re

import pytest

from sandbox.hms.routes import API, RULES

STAMPS = {"created_at", "updated_at"}
FIELDS = {
    "assistant": {
        "id",
        "name",
        "business_name",
        "notification_email",
        "notification_emails",
        "recording_consent",
        "first_message",
        "is_active",
        "max_duration_seconds",
        "autonomous_silence_handling",
        "silence_timeout_seconds",
        "voicemail_detection",
        "voicemail_message",
        "gdpr_mode",
        "webhook_url",
        "webhook_secret",
        "webhook_events",
        "analysis_plan",
        "stt_config",
        "llm_config",
        "tts_config",
        "speech_config",
        *STAMPS,
    },
    "number": {
        "id",
        "phone_number",
        "agent_id",
        "agent_name",
        "business_name",
        "transfer_trunk_id",
        "transfer_trunk_name",
        "workflow_id",
        "workflow_name",
        "source",
        "is_active",
        *STAMPS,
    },
    "trunk": {"id", "org_id", "name", "provider", "address", "transport", "auth_username", "is_active", *STAMPS},
    "tool_template": {"id", "org_id", "name", "description", "tool_type", "tool_config", *STAMPS},
    "analysis_template": {
        "id",
        "org_id",
        "name",
        "description",
        "system_prompt",
        "user_prompt",
        "schema",
        *STAMPS,
    },
    "campaign": {
        "id",
        "name",
        "agent_id",
        "status",
        "system_message_template",
        "schedule_start_time",
        "schedule_end_time",
        "timezone",
        "total_leads",
        "completed_leads",
        "failed_leads",
        *STAMPS,
    },
    "lead": {
        "id",
        "campaign_id",
        "phone_number",
        "variables",
        "status",
        "call_id",
        "attempts",
        "last_attempt_at",
        "created_at",
    },
    "domain": {
        "id",
        "org_id",
        "domain_name",
        "resend_domain_id",
        "status",
        "region",
        "records",
        "verified_at",
        *STAMPS,
    },
    "call": {
        "id",
        "caller_phone",
        "assistant_phone",
        "status",
        "direction",
        "end_reason",
        "error",
        "started_at",
        "ended_at",
        "duration_seconds",
        "summary",
        "analysis_result",
        "messages",
        "room_name",
        "recording_url",
        "agent_id",
        "number_id",
        "agent_name",
        "business_name",
        "phone_number",
        *STAMPS,
    },
    "organization": {
        "id",
        "name",
        "minutes_balance",
        "monthly_usage_minutes",
        "active_numbers",
        "active_agents",
        "active_calls",
        "has_local_models_access",
        "parent_org_id",
    },
}
SCHEDULE = {"schedule_start_time": "09:00:00", "schedule_end_time": "17:00:00", "timezone": "Europe/Amsterdam"}
MADE = {
    "assistant": ("/assistants", {"name": "x"}),
    "number": ("/numbers", {"phone_number": "+4930765432"}),
    "trunk": ("/sip-trunks", {"name": "x", "provider": "x", "address": "sip.x.test", "auth_password": "s"}),
    "tool_template": ("/tool-templates", {"name": "x", "tool_type": "function", "tool_config": {}}),
    "analysis_template": ("/analysis-templates", {"name": "x", "system_prompt": "x", "user_prompt": "x"}),
    "domain": ("/domains", {"domain_name": "mail.acme.test"}),
}


@pytest.mark.parametrize("kind", MADE)
def test_what_is_made_has_exactly_the_fields_it_has_at_hms(agency, kind):
    agency.child.post("/byok", json={"provider": "resend", "api_key": "re_12345678"})
    path, body = MADE[kind]
    made = agency.child.post(path, json=body)
    assert made.status_code == 201
    assert (set(made.json()), set(made.json()[kind])) == ({kind}, FIELDS[kind])
    assert agency.child.delete(path if kind == "domain" else f"{path}/{made.json()[kind]['id']}").status_code == 200


def test_a_campaign_its_lead_a_call_and_an_organization_have_exactly_their_fields(agency):
    body = {"name": "x", "agent_id": agency.assistant_id} | SCHEDULE
    campaign = agency.child.post("/campaigns", json=body).json()["campaign"]
    lead = agency.child.post(f"/campaigns/{campaign['id']}/leads", json={"phone_number": "+31201234567"}).json()["lead"]
    call = agency.call(agency.finished(60)["id"])
    own = agency.child.get("/organizations").json()
    found = {"campaign": campaign, "lead": lead, "call": call, "organization": own}
    assert {kind: set(thing) for kind, thing in found.items()} == {kind: FIELDS[kind] for kind in found}


COMMON = {"type", "timestamp", "call", "phone_number", "customer", "assistant"}
TALKED = {"duration_seconds", "end_reason", "started_at", "ended_at", "summary", "messages", "recording_url"}


def test_webhooks_have_exactly_their_fields(open_agency, receiver, eventually):
    agency = open_agency(webhook_url=receiver.url)
    call_id = agency.sandbox.post("/hms/calls/inbound", number=agency.number)["call_id"]
    agency.call_in("in-progress", call_id)
    agency.sandbox.post(f"/hms/calls/{call_id}/tool-calls", name="look_up")
    agency.sandbox.post(f"/hms/calls/{call_id}/end", duration_seconds=20)
    eventually(lambda: receiver.of("end-of-call-report"))
    told = {}
    for one in receiver.got:
        message = one["json"]["message"]
        told[f"{message['type']} {message['call']['status']}"] = set(message) - COMMON
        assert set(message["call"]) == {"id", "type", "status"}
        assert (set(message["phone_number"]), set(message["customer"])) == ({"id", "number", "name"}, {"number"})
    assert told == {
        "assistant-request ringing": set(),
        "status-update in-progress": set(),
        "tool-calls in-progress": {"tool_call_list"},
        "status-update ended": {"end_reason"},
        "end-of-call-report ended": TALKED,
    }


def test_a_report_of_a_call_from_a_browser_names_nobody(open_agency, receiver, eventually):
    agency = open_agency(webhook_url=receiver.url)
    agency.finished(20, assistant_id=agency.assistant_id, direction="web", webhooks=True)
    message = eventually(lambda: receiver.of("end-of-call-report"))[0]["json"]["message"]
    assert (message["phone_number"]["id"], message["phone_number"]["number"]) == (None, None)
    assert (message["customer"], message["call"]["type"]) == ({"number": None}, "web_call")


def crud(path: str, *, changes: bool = True) -> set[str]:
    verbs = {f"GET {path}", f"POST {path}", f"GET {path}/*", f"DELETE {path}/*"}
    return verbs | ({f"PATCH {path}/*"} if changes else set())


# The operations of HMS's API description; those that HMS calls deprecated are `/account`, `/agents` and `/chats`.
KNOWN = {
    *crud("/assistants"),
    *crud("/numbers"),
    *crud("/campaigns"),
    *crud("/tool-templates"),
    *crud("/analysis-templates"),
    *crud("/workflows"),
    *crud("/mcp-servers"),
    *crud("/sip-trunks", changes=False),
    *(f"{verb} /organizations" for verb in ("GET", "POST", "PATCH")),
    *(f"{verb} /byok" for verb in ("GET", "POST", "DELETE")),
    *(f"{verb} /domains" for verb in ("GET", "POST", "DELETE")),
    *(f"{verb} /domains/sync" for verb in ("GET", "POST")),
    "POST /domains/verify",
    "POST /domains/refresh",
    "POST /byok/config",
    "GET /campaigns/*/leads",
    "POST /campaigns/*/leads",
    "DELETE /campaigns/*/leads/*",
    "POST /mcp-servers/*/test",
    "GET /calls",
    "GET /calls/*",
    "POST /calls/outbound",
    "POST /calls/*/control",
    "GET /usage",
    "GET /voices",
    "GET /health",
}
DEPRECATED = {"GET /account", *crud("/agents")}
TOOLS = {*crud("/workflows"), *crud("/mcp-servers"), "POST /mcp-servers/*/test"}


def test_every_known_operation_is_there_and_none_is_invented():
    rules = [rule for rule in RULES if rule.rule.startswith(API)]
    served = {
        f"{verb} {re.sub('<[^>]+>', '*', rule.rule.removeprefix(API))}"
        for rule in rules
        for verb in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served <= KNOWN | DEPRECATED
    assert served >= (KNOWN | DEPRECATED) - TOOLS
