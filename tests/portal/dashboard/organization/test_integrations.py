"""A client's own tools on the dashboard: kept, tried over a real socket, and told to the assistants that use them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from organizations import custom_tools, relay
from organizations.configurations import COVER
from organizations.models import Delivery
from outside.lanes import Lanes
from tenancy import door
from tests.portal.dashboard.organization.conftest import Inside
from tests.support import endpoint as endpoints
from tests.support.endpoint import Endpoint
from tests.support.portal import text_of

pytestmark = pytest.mark.django_db

SCHEMA = {
    "type": "object",
    "properties": {
        "phone": {"type": "string", "description": "In E.164"},
        "most": {"type": "integer"},
        "kind": {"type": "string", "enum": ["person", "company"]},
        "recent": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["phone"],
}
WHERE = "integrations/find_customer/"


@pytest.fixture(autouse=True)
def own_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "LANES", Lanes())


@pytest.fixture
def crm() -> Iterator[Endpoint]:
    with endpoints.listening() as found:
        yield found


@pytest.fixture
def typed(crm: Endpoint) -> dict[str, str]:
    return {
        "name": "find_customer",
        "description": "Finds a customer.",
        "parameters": json.dumps(SCHEMA),
        "url": crm.url,
        "headers": "Authorization: Bearer s3cret-of-crm",
        "secret": "s1gning secret",
        "timeout_seconds": "2",
    }


@pytest.fixture
def tool(inside: Inside, typed: dict[str, str]) -> None:
    assert inside.post("integrations/new/", **typed).status_code == 302


def entries(inside: Inside, assistant_id: str) -> list[Any]:
    config: Any = inside.hms.assistants.get(assistant_id).llm_config or {}
    return list(config.get("tools", ()))


def attach(inside: Inside, assistant_id: str, **changed: Any) -> Any:
    where = f"assistants/{assistant_id}/tools/"
    return inside.post(where, **inside.form(where) | {"custom": ["find_customer"]} | changed)


def test_a_tool_is_kept_and_its_secrets_are_nowhere_to_be_seen(inside: Inside, tool: None) -> None:
    assert "find_customer Finds a customer." in inside.sees("integrations/")
    for path in ("integrations/", WHERE):
        page = inside.get(path).content
        assert b"s3cret" not in page
        assert b"s1gning" not in page
    assert inside.form(WHERE)["headers"] == f"Authorization: {COVER}"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": "find customer"}, "name"),
        ({"parameters": '{"type": "telephone"}'}, "parameters"),
        ({"parameters": "{"}, "parameters"),
        ({"url": "https://192.168.1.1/"}, "url"),
        ({"url": "http://localhost.portal.localhost/"}, "url"),
        ({"headers": "Host: x"}, "headers"),
        ({"secret": "short"}, "secret"),
        ({"timeout_seconds": "9"}, "timeout_seconds"),
    ],
)
def test_what_cannot_be_kept_is_said_beside_its_field_without_the_secrets(
    inside: Inside, typed: dict[str, str], changed: dict[str, str], field: str
) -> None:
    page = inside.post("integrations/new/", **typed | changed)
    assert field in page.context["form"].errors
    assert b"s3cret" not in page.content
    assert b"s1gning" not in page.content
    assert inside.organization.custom_tools == {}


def test_tried_it_shows_exactly_what_the_assistant_would_get(inside: Inside, tool: None, crm: Endpoint) -> None:
    crm.says(b'{"name": "<b>Ann</b>"}')
    page = inside.post(f"{WHERE}try/", **{"try-phone": "+31201234567", "try-most": "3", "try-recent": "true"})
    assert page.status_code == 200
    said = text_of(page)
    assert "Answered status 200" in said
    assert "&lt;b&gt;Ann" in page.content.decode()
    sent = {"phone": "+31201234567", "most": 3, "recent": True}
    assert json.loads(crm.requests[0].body) == {"name": "find_customer", "arguments": sent, "call_id": None}
    assert page.context["form"]["url"].value() == crm.url
    with door.enter(inside.acme):
        assert Delivery.objects.get().event == "tool:find_customer"
    assert len(inside.get(WHERE).context["uses"]) == 1
    webhooks = inside.person.get(f"clients/{inside.client.pk}/webhooks/")
    assert webhooks.context["rows"] == []


def test_a_choice_and_a_list_are_given_as_the_schema_means_them(inside: Inside, tool: None, crm: Endpoint) -> None:
    inside.post(f"{WHERE}try/", **{"try-phone": "1", "try-kind": '"company"', "try-tags": '["a", "b"]'})
    assert json.loads(crm.requests[0].body)["arguments"] == {"phone": "1", "kind": "company", "tags": ["a", "b"]}


@pytest.mark.parametrize(
    ("form", "field"),
    [({}, "phone"), ({"try-phone": "1", "try-tags": "{"}, "tags"), ({"try-phone": "1", "try-most": "x"}, "most")],
)
def test_what_is_filled_in_wrongly_is_said_beside_it_and_nothing_is_sent(
    inside: Inside, tool: None, crm: Endpoint, form: dict[str, str], field: str
) -> None:
    page = inside.post(f"{WHERE}try/", **form)
    assert field in page.context["trial_form"].errors
    assert crm.requests == []


def test_arguments_that_the_schema_does_not_take_are_shown_as_the_assistant_would_hear_it(
    inside: Inside, tool: None, crm: Endpoint
) -> None:
    page = text_of(inside.post(f"{WHERE}try/", **{"try-phone": "1", "try-tags": '"a"'}))
    assert "No good answer" in page
    assert "is not of type" in page
    assert crm.requests == []


def test_a_system_that_fails_shows_its_status_and_the_sentence(inside: Inside, tool: None, crm: Endpoint) -> None:
    crm.says(b'{"error": "Nobody has this number."}', "404 Not Found")
    page = text_of(inside.post(f"{WHERE}try/", **{"try-phone": "1"}))
    assert "No good answer status 404" in page
    assert "Nobody has this number." in page


def test_a_tool_is_chosen_on_an_assistant_and_what_was_there_stays(inside: Inside, tool: None, first: str) -> None:
    theirs = {"type": "function", "function": {"name": "theirs"}}
    inside.hms.assistants.update(first, llm_config={"provider": "openai", "model": "gpt", "tools": [theirs]})
    assert attach(inside, first).status_code == 302
    kept, ours = entries(inside, first)
    assert kept["function"]["name"] == "theirs"
    assert ours["function"]["name"] == "find_customer"
    assert dict(inside.hms.assistants.get(first).llm_config or {})["model"] == "gpt"
    assert "find_customer" in inside.sees(f"assistants/{first}/")
    assert "Assistant" in inside.sees(WHERE)
    assert attach(inside, first, custom=[]).status_code == 302
    assert [entry["function"]["name"] for entry in entries(inside, first)] == ["theirs"]


def test_tools_of_an_mcp_server_are_found_chosen_and_taken_out_again(inside: Inside, first: str) -> None:
    server = inside.hms.mcp_servers.create(name="CRM", url="https://mcp.example.test/crm")
    where = f"assistants/{first}/tools/"
    assert "See its tools" in inside.sees(where)
    page = text_of(inside.get(where, server=server.id))
    assert "Tools of CRM" in page
    assert "book_visit: Books a visit in the calendar." in page
    chosen = {f"mcp_{server.id}": ["book_visit"]}
    assert inside.post(where, **inside.form(where) | chosen).status_code == 302
    (entry,) = entries(inside, first)
    assert (entry["mcp_server_id"], entry["allowed_tools"], entry["required"]) == (server.id, ("book_visit",), False)
    assert "1 tool of an MCP server" in inside.sees(f"assistants/{first}/")
    inside.post(where, **inside.form(where) | {f"mcp_{server.id}": []})
    assert entries(inside, first) == []


def test_a_server_out_of_reach_is_said_and_nothing_else_is_lost(inside: Inside, tool: None, first: str) -> None:
    server = inside.hms.mcp_servers.create(name="CRM", url="https://mcp.example.test/away")
    page = text_of(inside.get(f"assistants/{first}/tools/", server=server.id))
    assert "HMS gets no tools from “CRM”. Could not connect" in page
    assert "find_customer: Finds a customer." in page


def test_a_server_of_another_client_cannot_be_attached(inside: Inside, first: str) -> None:
    bikes = inside.neighbour()
    theirs = bikes.hms.mcp_servers.create(name="CRM", url="https://mcp.example.test/crm")
    where = f"assistants/{first}/tools/"
    answer = inside.post(where, **inside.form(where) | {f"mcp_{theirs.id}": ["book_visit"]})
    assert answer.status_code == 302
    assert entries(inside, first) == []


def test_a_choice_that_somebody_made_meanwhile_is_not_overwritten_unseen(
    inside: Inside, tool: None, first: str
) -> None:
    where = f"assistants/{first}/tools/"
    shown = inside.form(where) | {"custom": ["find_customer"]}
    inside.hms.assistants.update(first, llm_config={"tools": [{"type": "end_call"}]})
    page = inside.post(where, **shown)
    assert "Somebody changed its tools at HMS meanwhile" in text_of(page)
    assert len(entries(inside, first)) == 1
    again = shown | {"seen": page.context["form"]["seen"].value()}
    assert inside.post(where, **again).status_code == 302
    assert len(entries(inside, first)) == 2


def test_a_changed_tool_is_told_to_the_assistants_that_use_it(inside: Inside, tool: None, first: str) -> None:
    attach(inside, first)
    answer = inside.post(WHERE, **inside.form(WHERE) | {"description": "Finds anybody."})
    assert answer.status_code == 302
    assert entries(inside, first)[0]["function"]["description"] == "Finds anybody."
    assert "told 1 assistant" in inside.sees("integrations/")


def test_an_assistant_that_was_not_told_is_shown_and_told_on_a_click(inside: Inside, tool: None, first: str) -> None:
    attach(inside, first)
    inside.trouble("500", "PATCH", f"assistants/{first}")
    inside.post(WHERE, **inside.form(WHERE) | {"description": "Finds anybody."})
    assert entries(inside, first)[0]["function"]["description"] == "Finds a customer."
    assert "Knows an older one" in inside.sees(WHERE)
    assert inside.post(f"{WHERE}spread/").status_code == 302
    assert entries(inside, first)[0]["function"]["description"] == "Finds anybody."
    assert "Knows an older one" not in inside.sees(WHERE)


def test_headers_stay_with_their_host(inside: Inside, tool: None) -> None:
    moved = inside.form(WHERE) | {"url": "https://elsewhere.example.com/"}
    page = inside.post(WHERE, **moved)
    assert "another host" in str(page.context["form"].errors["headers"])
    assert inside.post(WHERE, **moved | {"headers": "X-Key: new"}).status_code == 302
    organization = inside.organization
    with door.enter(inside.acme):
        opened = custom_tools.opened(organization, custom_tools.find(organization, "find_customer"))
    assert (opened.headers, opened.secret) == ({"X-Key": "new"}, "s1gning secret")


def test_a_tool_in_use_stays_and_then_goes_with_its_secrets(inside: Inside, tool: None, first: str) -> None:
    attach(inside, first)
    assert "Assistant may use it. Take it out there first." in text_of(inside.post(f"{WHERE}remove/"))
    attach(inside, first, custom=[])
    assert inside.post(f"{WHERE}remove/").status_code == 302
    assert inside.organization.custom_tools == {}
    assert inside.get(WHERE).status_code == 404


def test_a_tool_of_another_client_does_not_exist(inside: Inside, tool: None, crm: Endpoint) -> None:
    bikes = inside.neighbour()
    inside.sees("integrations/")
    assert "find_customer" not in bikes.sees("integrations/")
    assert bikes.get(WHERE).status_code == 404
    assert bikes.post(f"{WHERE}try/", **{"try-phone": "1"}).status_code == 404
    assert bikes.post(f"{WHERE}spread/").status_code == 404
    bikes.post(f"{WHERE}remove/")
    assert set(inside.organization.custom_tools) == {"find_customer"}
    assert crm.requests == []


def test_whoever_may_only_look_sees_and_asks_nothing(
    inside: Inside, tool: None, first: str, crm: Endpoint, vic: Any
) -> None:
    for path in ("integrations/", WHERE, f"assistants/{first}/tools/"):
        assert inside.get(path, vic).status_code == 200
    server = inside.hms.mcp_servers.create(name="CRM", url="https://mcp.example.test/crm")
    assert inside.get(f"assistants/{first}/tools/", vic, server=server.id).context["offered"].found == {}
    for path in ("integrations/new/", WHERE, f"{WHERE}try/", f"{WHERE}spread/", f"{WHERE}remove/"):
        assert inside.post(path, vic).status_code == 403
    assert inside.post(f"assistants/{first}/tools/", vic).status_code == 403
    assert crm.requests == []


def test_a_tool_is_shown_while_hms_is_away_and_the_page_says_what_is_missing(inside: Inside, tool: None) -> None:
    inside.trouble("503", "GET", "assistants")
    assert "HMS does not answer at the moment" in inside.sees(WHERE)


def test_a_template_made_of_an_assistant_leaves_the_clients_integrations_with_the_client(
    inside: Inside, tool: None, first: str
) -> None:
    server = inside.hms.mcp_servers.create(name="CRM", url="https://mcp.example.test/crm")
    inside.hms.assistants.update(first, llm_config={"tools": [{"type": "end_call"}]})
    assert attach(inside, first, **{f"mcp_{server.id}": ["book_visit"]}).status_code == 302
    assert len(entries(inside, first)) == 3
    assert inside.post(f"assistants/{first}/template/").status_code == 302
    bikes = inside.neighbour()
    assert [entry["type"] for entry in entries(bikes, bikes.hms.assistants.list()[0].id)] == ["end_call"]
