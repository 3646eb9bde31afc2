"""Every operation HMS lists as current is reachable, with the path and body HMS documents."""

import pytest

from hms_client import HMSClient

AT = "2026-11-03T09:00:00Z"
NAMED = {"id": "x1", "name": "X"}
NUMBER = {"id": "x1", "phone_number": "+31200000001"}
LEAD = {"id": "l1", "phone_number": "+31600000001", "status": "brand-new"}
DOMAIN = {"id": "d1", "domain_name": "mail.test"}
PAGES = {"pagination": {"total": 0}, "summary": {}}
CALL = {"id": "c1", "status": "ended", "created_at": AT}
DONE = {"success": True}
TIMES = {"schedule_start_time": "09:00:00", "schedule_end_time": "17:00:00", "timezone": "Europe/Amsterdam"}
TOOL = {"name": "X", "tool_type": "end_call", "tool_config": {}}
ANALYSIS = {"name": "X", "system_prompt": "s", "user_prompt": "u", "schema": {}}
MCP = {"name": "X", "url": "https://mcp.test", "headers": {"Authorization": "x"}}
TRUNK = {"name": "X", "provider": "p", "address": "sip.test", "auth_password": "pw", "transport": "tls"}
KEYS = {"byok_keys": {"deepgram_secret_id": "v1", "openai_secret_id": None}}

OPERATIONS = [
    ("GET /organizations", None, NAMED, lambda c: c.organizations.get()),
    ("POST /organizations", {"name": "X"}, {**NAMED, "api_key": "k"}, lambda c: c.organizations.create(name="X")),
    (
        "PATCH /organizations",
        {"content_retention_days": 30, "metadata_retention_days": 90},
        {"content_retention_days": 30, "metadata_retention_days": 90},
        lambda c: c.organizations.set_retention(content_retention_days=30, metadata_retention_days=90),
    ),
    ("GET /calls", None, {"calls": [], **PAGES}, lambda c: c.calls.list()),
    ("GET /calls/{}", None, CALL, lambda c: c.calls.get("x1")),
    (
        "POST /calls/outbound",
        {"destination": "+31", "number_id": "n1", "assistant": {"llm_config": {}}},
        {"call_id": "c1"},
        lambda c: c.calls.start_outbound(destination="+31", number_id="n1", assistant={"llm_config": {}}),
    ),
    ("POST /calls/{}/control", {"type": "end-call"}, DONE, lambda c: c.calls.end_call("x1")),
    ("GET /usage", None, {"logs": [], **PAGES}, lambda c: c.usage.list()),
    ("GET /assistants", None, {"assistants": [NAMED]}, lambda c: c.assistants.list()),
    (
        "POST /assistants",
        {"name": "X", "gdpr_mode": True},
        {"assistant": NAMED},
        lambda c: c.assistants.create(name="X", gdpr_mode=True),
    ),
    ("GET /assistants/{}", None, {"assistant": NAMED}, lambda c: c.assistants.get("x1")),
    (
        "PATCH /assistants/{}",
        {"tts_config": None},
        {"assistant": NAMED},
        lambda c: c.assistants.update("x1", tts_config=None),
    ),
    ("DELETE /assistants/{}", None, DONE, lambda c: c.assistants.delete("x1")),
    ("GET /numbers", None, {"numbers": [NUMBER]}, lambda c: c.numbers.list()),
    (
        "POST /numbers",
        {"phone_number": "+31", "agent_id": "a1"},
        {"number": NUMBER},
        lambda c: c.numbers.create(phone_number="+31", assistant_id="a1"),
    ),
    ("GET /numbers/{}", None, {"number": NUMBER}, lambda c: c.numbers.get("x1")),
    ("PATCH /numbers/{}", {"agent_id": None}, {"number": NUMBER}, lambda c: c.numbers.update("x1", assistant_id=None)),
    ("DELETE /numbers/{}", None, None, lambda c: c.numbers.delete("x1")),
    ("GET /campaigns", None, {"campaigns": [NAMED]}, lambda c: c.campaigns.list()),
    (
        "POST /campaigns",
        {"name": "X", "agent_id": "a1", **TIMES},
        {"campaign": NAMED},
        lambda c: c.campaigns.create(name="X", assistant_id="a1", **TIMES),
    ),
    ("GET /campaigns/{}", None, {"campaign": NAMED}, lambda c: c.campaigns.get("x1")),
    (
        "PATCH /campaigns/{}",
        {"status": "paused"},
        {"campaign": NAMED},
        lambda c: c.campaigns.update("x1", status="paused"),
    ),
    ("DELETE /campaigns/{}", None, DONE, lambda c: c.campaigns.delete("x1")),
    ("GET /campaigns/{}/leads", None, {"leads": [LEAD]}, lambda c: c.campaigns.list_leads("x1")),
    (
        "POST /campaigns/{}/leads",
        {"phone_number": "+31", "variables": {"a": "b"}},
        {"lead": LEAD},
        lambda c: c.campaigns.add_lead("x1", phone_number="+31", variables={"a": "b"}),
    ),
    ("DELETE /campaigns/{}/leads/{}", None, DONE, lambda c: c.campaigns.remove_lead("x1", "x1")),
    ("GET /sip-trunks", None, {"trunks": [NAMED]}, lambda c: c.sip_trunks.list()),
    ("POST /sip-trunks", TRUNK, {"trunk": NAMED}, lambda c: c.sip_trunks.create(**TRUNK)),
    ("GET /sip-trunks/{}", None, {"trunk": NAMED}, lambda c: c.sip_trunks.get("x1")),
    ("DELETE /sip-trunks/{}", None, DONE, lambda c: c.sip_trunks.delete("x1")),
    ("GET /voices", None, {"voices": [NAMED]}, lambda c: c.voices.list()),
    ("GET /byok", None, KEYS, lambda c: c.byok.get()),
    ("POST /byok", {"provider": "xai", "api_key": "k"}, KEYS, lambda c: c.byok.set(provider="xai", api_key="k")),
    ("DELETE /byok", {"provider": "xai"}, None, lambda c: c.byok.delete(provider="xai")),
    (
        "POST /byok/config",
        {"provider": "xai", "config": {"a": 1}},
        {"byok_config": {"xai": {"a": 1}}},
        lambda c: c.byok.configure(provider="xai", config={"a": 1}),
    ),
    ("GET /tool-templates", None, {"tool_templates": [NAMED]}, lambda c: c.tool_templates.list()),
    ("POST /tool-templates", TOOL, {"tool_template": NAMED}, lambda c: c.tool_templates.create(**TOOL)),
    ("GET /tool-templates/{}", None, {"tool_template": NAMED}, lambda c: c.tool_templates.get("x1")),
    (
        "PATCH /tool-templates/{}",
        {"name": "Y"},
        {"tool_template": NAMED},
        lambda c: c.tool_templates.update("x1", name="Y"),
    ),
    ("DELETE /tool-templates/{}", None, DONE, lambda c: c.tool_templates.delete("x1")),
    ("GET /analysis-templates", None, {"analysis_templates": [NAMED]}, lambda c: c.analysis_templates.list()),
    (
        "POST /analysis-templates",
        ANALYSIS,
        {"analysis_template": NAMED},
        lambda c: c.analysis_templates.create(**ANALYSIS),
    ),
    ("GET /analysis-templates/{}", None, {"analysis_template": NAMED}, lambda c: c.analysis_templates.get("x1")),
    (
        "PATCH /analysis-templates/{}",
        {"description": None},
        {"analysis_template": NAMED},
        lambda c: c.analysis_templates.update("x1", description=None),
    ),
    ("DELETE /analysis-templates/{}", None, DONE, lambda c: c.analysis_templates.delete("x1")),
    ("GET /workflows", None, {"workflows": [NAMED]}, lambda c: c.workflows.list()),
    (
        "POST /workflows",
        {"name": "X", "definition": {"version": 1}, "is_active": True},
        {"workflow": NAMED},
        lambda c: c.workflows.create(name="X", definition={"version": 1}),
    ),
    ("GET /workflows/{}", None, {"workflow": NAMED}, lambda c: c.workflows.get("x1")),
    (
        "PATCH /workflows/{}",
        {"is_active": False},
        {"workflow": NAMED},
        lambda c: c.workflows.update("x1", is_active=False),
    ),
    ("DELETE /workflows/{}", None, DONE, lambda c: c.workflows.delete("x1")),
    ("GET /mcp-servers", None, {"mcp_servers": [NAMED]}, lambda c: c.mcp_servers.list()),
    ("POST /mcp-servers", MCP, {"mcp_server": NAMED}, lambda c: c.mcp_servers.create(**MCP)),
    ("GET /mcp-servers/{}", None, {"mcp_server": NAMED}, lambda c: c.mcp_servers.get("x1")),
    ("PATCH /mcp-servers/{}", {"headers": {}}, {"mcp_server": NAMED}, lambda c: c.mcp_servers.update("x1", headers={})),
    ("DELETE /mcp-servers/{}", None, DONE, lambda c: c.mcp_servers.delete("x1")),
    ("POST /mcp-servers/{}/test", {}, {"ok": False, "error": "no"}, lambda c: c.mcp_servers.test("x1")),
    ("GET /domains", None, {"domain": None}, lambda c: c.domains.get()),
    (
        "POST /domains",
        {"domain_name": "mail.test"},
        {"domain": DOMAIN},
        lambda c: c.domains.create(domain_name="mail.test"),
    ),
    ("DELETE /domains", None, DONE, lambda c: c.domains.delete()),
    ("POST /domains/verify", None, DONE, lambda c: c.domains.verify()),
    ("POST /domains/refresh", None, {"domain": DOMAIN}, lambda c: c.domains.refresh()),
    (
        "GET /domains/sync",
        None,
        {"domains": [NAMED], "selected_domain_id": "x1"},
        lambda c: c.domains.list_resend_domains(),
    ),
    ("POST /domains/sync", {"resendDomainId": "x1"}, DONE, lambda c: c.domains.choose_resend_domain("x1")),
    ("GET /health", None, {"status": "ok"}, lambda c: c.health.check()),
]

CURRENT = 64  # operations in HMS's own OpenAPI list that are not marked deprecated


@pytest.mark.parametrize(("operation", "sent", "body", "act"), OPERATIONS, ids=[row[0] for row in OPERATIONS])
def test_each_operation_asks_exactly_what_hms_documents(wire, operation, sent, body, act):
    act(wire.answers(body).client)
    path = wire.asked.split("?")[0].replace("/api/v1", "")
    assert "/".join("{}" if part == "x1" else part for part in path.split("/")) == operation
    assert wire.sent == sent


def test_no_current_operation_is_missing():
    assert len({row[0] for row in OPERATIONS}) == CURRENT


RESOURCES = """
organizations calls web_calls usage assistants numbers campaigns sip_trunks voices byok tool_templates
analysis_templates workflows mcp_servers domains health
"""


def test_every_resource_is_an_attribute_of_the_client():
    with HMSClient("fl_live_x") as client:
        assert {name for name in vars(client) if not name.startswith("_")} == set(RESOURCES.split())
