"""MCP servers and workflows of a client's organization, changed live at HMS, tested there, refused there in place."""

import json
from typing import Any

import pytest

from organizations.configurations import COVER
from tests.portal.dashboard.organization.conftest import Inside
from tests.support.portal import text_of

pytestmark = pytest.mark.django_db

CRM = {
    "name": "CRM",
    "url": "https://mcp.example.test/crm",
    "transport": "streamable_http",
    "headers": "Authorization: Bearer s3cret-of-crm",
    "timeout_seconds": "20",
}
GRAPH = {
    "version": 1,
    "entry_node": "hello",
    "nodes": [
        {
            "id": "hello",
            "type": "conversation",
            "instructions": "Greet.",
            "tools": [{"name": "find", "description": "Finds", "server": {"url": "https://x.test", "secret": "gr4ph"}}],
        },
        {"id": "bye", "type": "end"},
    ],
    "edges": [{"from": "hello", "to": "bye", "description": "Is done"}],
}


@pytest.fixture
def crm(inside: Inside) -> str:
    assert inside.post("mcp/new/", **CRM).status_code == 302
    return str(inside.hms.mcp_servers.list()[0].id)


@pytest.fixture
def desk(inside: Inside) -> str:
    made = inside.post("workflows/new/", name="Desk", is_active="on", definition=json.dumps(GRAPH))
    assert made.status_code == 302
    return str(inside.hms.workflows.list()[0].id)


def test_a_servers_headers_go_in_and_only_their_names_are_shown(inside: Inside, crm: str) -> None:
    made = inside.hms.mcp_servers.get(crm)
    assert (made.url, made.header_names, made.timeout_seconds) == (CRM["url"], ("Authorization",), 20)
    page = inside.get(f"mcp/{crm}/")
    assert f"Authorization: {COVER}" in page.content.decode()
    assert b"s3cret" not in page.content


def test_what_was_typed_as_a_value_is_not_shown_again_after_an_error(inside: Inside) -> None:
    page = inside.post("mcp/new/", **CRM | {"url": ""})
    assert b"s3cret" not in page.content
    assert page.context["form"]["headers"].value() == "Authorization:"


def test_headers_stay_while_something_else_is_changed_and_are_replaced_together(inside: Inside, crm: str) -> None:
    where = f"mcp/{crm}/"
    assert inside.post(where, **inside.form(where) | {"name": "Customers"}).status_code == 302
    now = inside.hms.mcp_servers.get(crm)
    assert (now.name, now.header_names) == ("Customers", ("Authorization",))
    mixed = inside.form(where)["headers"] + "\nX-Team: 7"
    page = inside.post(where, **inside.form(where) | {"headers": mixed})
    assert "write the values of all of them" in text_of(page)
    inside.post(where, **inside.form(where) | {"headers": "X-Team: 7"})
    assert inside.hms.mcp_servers.get(crm).header_names == ("X-Team",)
    inside.post(where, **inside.form(where) | {"headers": ""})
    assert inside.hms.mcp_servers.get(crm).header_names == ()


def test_hms_does_not_take_headers_along_to_another_host_and_says_so_beside_them(inside: Inside, crm: str) -> None:
    where = f"mcp/{crm}/"
    page = inside.post(where, **inside.form(where) | {"url": "https://elsewhere.test/mcp"})
    assert "HMS says: Invalid headers" in str(page.context["form"].errors["headers"])


@pytest.mark.parametrize(
    ("change", "field"),
    [({"url": "http://mcp.example.test"}, "url"), ({"timeout_seconds": "90"}, "timeout_seconds")],
)
def test_a_server_that_makes_no_sense_is_refused_beside_its_field(
    inside: Inside, change: dict[str, str], field: str
) -> None:
    page = inside.post("mcp/new/", **CRM | change)
    assert field in page.context["form"].errors


def test_two_servers_of_one_name_are_refused_beside_the_name(inside: Inside, crm: str) -> None:
    page = inside.post("mcp/new/", **CRM)
    assert "already exists" in str(page.context["form"].errors["name"])


def test_a_test_shows_the_tools_that_hms_found(inside: Inside, crm: str) -> None:
    page = text_of(inside.post(f"mcp/{crm}/test/"))
    assert "2 tools found" in page
    assert "find_customer Finds a customer by telephone number." in page


def test_a_test_shows_why_hms_got_no_answer(inside: Inside, crm: str) -> None:
    inside.hms.mcp_servers.update(crm, url="https://mcp.example.test/away")
    page = text_of(inside.post(f"mcp/{crm}/test/"))
    assert "does not get an answer from it. Could not connect to mcp.example.test" in page


def test_a_test_that_hms_refuses_is_explained_on_the_page(inside: Inside, crm: str) -> None:
    inside.trouble("429", "POST", f"mcp-servers/{crm}/test")
    page = inside.post(f"mcp/{crm}/test/")
    assert "HMS takes 100 requests a minute" in text_of(page)
    assert page.context["form"]["name"].value() == "CRM"


def test_a_server_in_use_stays_and_the_list_says_why(inside: Inside, crm: str, first: str) -> None:
    tool = {"type": "mcp", "mcp_server_id": crm, "allowed_tools": ["find_customer"]}
    inside.hms.assistants.update(first, llm_config={"tools": [tool]})
    assert "1 assistant(s) use it" in text_of(inside.post(f"mcp/{crm}/remove/"))
    inside.hms.assistants.update(first, llm_config={"tools": []})
    assert inside.post(f"mcp/{crm}/remove/").status_code == 302
    assert inside.hms.mcp_servers.list() == ()


def test_servers_and_workflows_of_another_client_do_not_exist(inside: Inside, crm: str, desk: str) -> None:
    bikes = inside.neighbour()
    for where in (f"mcp/{crm}/", f"workflows/{desk}/"):
        assert bikes.get(where).status_code == 404
        assert bikes.post(f"{where}remove/").status_code in (302, 404)
    assert bikes.post(f"mcp/{crm}/test/").status_code == 404
    assert [row.id for row in inside.hms.mcp_servers.list()] == [crm]
    assert [row.id for row in inside.hms.workflows.list()] == [desk]


def test_whoever_may_only_look_changes_and_tests_nothing(inside: Inside, crm: str, vic: Any) -> None:
    assert inside.get(f"mcp/{crm}/", vic).status_code == 200
    for where in (f"mcp/{crm}/", f"mcp/{crm}/test/", f"mcp/{crm}/remove/", "mcp/new/", "workflows/new/"):
        assert inside.post(where, vic, **CRM).status_code == 403


def test_a_workflow_is_listed_with_its_size_and_kept_with_its_secrets(inside: Inside, desk: str) -> None:
    assert "Desk 2 steps · 1 way on" in inside.sees("workflows/")
    where = f"workflows/{desk}/"
    page = inside.get(where)
    assert b"gr4ph" not in page.content
    shown = inside.form(where)
    changed = shown["definition"].replace("Greet.", "Greet kindly.")
    assert inside.post(where, **shown | {"definition": changed}).status_code == 302
    now = inside.hms.workflows.get(desk).definition or {}
    node: Any = now["nodes"][0]  # type: ignore[index]
    assert (node["instructions"], node["tools"][0]["server"]["secret"]) == ("Greet kindly.", "gr4ph")


def test_each_fault_of_a_graph_stands_beside_the_definition_and_nothing_typed_is_lost(inside: Inside) -> None:
    wrong = json.dumps(GRAPH | {"entry_node": "bye", "edges": [{"from": "hello", "to": "away"}]})
    page = inside.post("workflows/new/", name="Desk", definition=wrong)
    said = str(page.context["form"].errors["definition"])
    assert "entry_node must name a conversation node; edge" in said
    assert "there is no node away" in said
    assert page.context["form"]["definition"].value() == wrong
    assert inside.hms.workflows.list() == ()


def test_a_workflow_is_switched_off_and_removed_once_no_number_runs_it(inside: Inside, desk: str) -> None:
    number = inside.hms.numbers.list()[0]
    attach = inside.form(f"numbers/{number.id}/") | {"workflow_id": desk}
    assert inside.post(f"numbers/{number.id}/", **attach).status_code == 302
    assert "led by Desk" in inside.sees("numbers/")
    shown = inside.form(f"workflows/{desk}/")
    shown.pop("is_active")
    assert inside.post(f"workflows/{desk}/", **shown).status_code == 302
    assert inside.hms.workflows.get(desk).is_active is False
    assert "1 phone number(s) run it" in text_of(inside.post(f"workflows/{desk}/remove/"))
    inside.post(f"numbers/{number.id}/", **inside.form(f"numbers/{number.id}/") | {"workflow_id": ""})
    assert inside.hms.numbers.get(number.id).workflow_id is None
    assert inside.post(f"workflows/{desk}/remove/").status_code == 302


def test_a_workflow_that_somebody_changed_meanwhile_is_not_overwritten_unseen(inside: Inside, desk: str) -> None:
    where = f"workflows/{desk}/"
    shown = inside.form(where)
    inside.hms.workflows.update(desk, name="Night desk")
    page = inside.post(where, **shown | {"name": "Day desk"})
    assert "At HMS now: Night desk" in text_of(page)
    assert inside.hms.workflows.get(desk).name == "Night desk"
