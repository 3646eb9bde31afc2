"""MCP servers and workflows: what goes in and does not come out, what is refused and why, and what is in use."""

import pytest

MCP = {"name": "CRM", "url": "https://mcp.acme.test/tools", "headers": {"Authorization": "Bearer s3cret"}}
GRAPH = {
    "version": 1,
    "entry_node": "hello",
    "nodes": [
        {"id": "hello", "type": "conversation", "instructions": "Greet."},
        {"id": "look", "type": "tool", "tool_name": "find"},
        {"id": "hand_on", "type": "transfer", "destination": "+31201234567"},
        {"id": "bye", "type": "end"},
    ],
    "edges": [
        {"from": "hello", "to": "look", "description": "Wants to know something"},
        {"from": "look", "to": "hand_on"},
        {"from": "hello", "to": "bye", "description": "Is done"},
    ],
}


@pytest.fixture
def server(agency):
    return agency.child.post("/mcp-servers", json=MCP).json()["mcp_server"]


@pytest.fixture
def workflow(agency):
    return agency.child.post("/workflows", json={"name": "Desk", "definition": GRAPH}).json()["workflow"]


def test_headers_of_an_mcp_server_go_in_and_only_their_names_come_out(agency, server):
    assert (server["header_names"], server["transport"], server["timeout_seconds"]) == (
        ["Authorization"],
        "streamable_http",
        20,
    )
    assert "s3cret" not in agency.child.get("/mcp-servers").text
    assert agency.parent.get(f"/mcp-servers/{server['id']}").status_code == 404
    gone = agency.child.patch(f"/mcp-servers/{server['id']}", json={"headers": {}}).json()["mcp_server"]
    assert gone["header_names"] == []


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"url": "http://mcp.acme.test"}, 400, "Invalid url"),
        ({"transport": "stdio"}, 400, "Invalid transport"),
        ({"timeout_seconds": 4}, 400, "Invalid timeout_seconds"),
        ({"headers": {f"X-{n}": "v" for n in range(11)}}, 400, "Invalid headers"),
        ({}, 409, "An MCP server with this name already exists"),
    ],
)
def test_an_mcp_server_that_makes_no_sense_is_refused(agency, server, change, status, error):
    refused = agency.child.post("/mcp-servers", json=MCP | {"name": "Other" if change else "CRM"} | change)
    assert (refused.status_code, refused.json()["error"]) == (status, error)


def test_headers_do_not_follow_an_mcp_server_to_another_host(agency, server):
    where = f"/mcp-servers/{server['id']}"
    moved = {"url": "https://elsewhere.test/tools"}
    assert agency.child.patch(where, json=moved).json()["error"] == "Invalid headers"
    assert agency.child.patch(where, json=moved | {"headers": {"X-Key": "k"}}).status_code == 200
    assert agency.child.patch(where, json={"url": "https://elsewhere.test/v2"}).status_code == 200


def test_a_test_finds_the_tools_or_says_why_not(sandbox, agency, server):
    where = f"/mcp-servers/{server['id']}/test"
    away = agency.child.post(where).json()
    assert (away["ok"], "tools" in away, away["error"]) == (False, False, "Could not connect to mcp.acme.test")
    tools = [{"name": "find", "description": None, "input_schema": {"type": "object"}}]
    sandbox.post("/hms/mcp", url=MCP["url"], tools=tools, requires={"authorization": "Bearer s3cret"})
    found = agency.child.post(where).json()
    assert (found["ok"], found["tools"]) == (True, tools)
    assert isinstance(found["duration_ms"], int)
    wrong = agency.child.post(where, json={"headers": {"Authorization": "Bearer x"}}).json()
    assert (wrong["ok"], wrong["error"]) == (False, "The server answered 401 Unauthorized")


def test_an_mcp_server_stays_while_an_assistant_uses_it(agency, server):
    tool = {"type": "mcp", "mcp_server_id": server["id"], "allowed_tools": ["find"]}
    where = f"/assistants/{agency.assistant_id}"
    assert agency.child.patch(where, json={"llm_config": {"tools": [tool]}}).status_code == 200
    refused = agency.child.delete(f"/mcp-servers/{server['id']}")
    assert (refused.status_code, refused.json()["error"]) == (409, "MCP server is in use")
    agency.child.patch(where, json={"llm_config": {"tools": []}})
    assert agency.child.delete(f"/mcp-servers/{server['id']}").status_code == 200


def test_an_assistant_uses_only_its_organizations_servers_and_some_of_their_tools(agency, server):
    theirs = agency.parent.post("/mcp-servers", json=MCP).json()["mcp_server"]
    for tool in (
        {"type": "mcp", "mcp_server_id": theirs["id"], "allowed_tools": ["find"]},
        {"type": "mcp", "mcp_server_id": server["id"], "allowed_tools": []},
        {"type": "mcp", "mcp_server_id": server["id"], "allowed_tools": [str(n) for n in range(26)]},
    ):
        body = {"name": "X", "llm_config": {"tools": [tool]}}
        assert agency.child.post("/assistants", json=body).json()["error"] == "Invalid llm_config"


def test_a_list_of_workflows_tells_sizes_and_one_of_them_the_graph(agency, workflow):
    listed = agency.child.get("/workflows").json()["workflows"][0]
    assert "definition" not in listed
    assert (listed["entry_node"], listed["node_count"], listed["edge_count"]) == ("hello", 4, 3)
    assert agency.child.get(f"/workflows/{workflow['id']}").json()["workflow"]["definition"] == GRAPH
    changed = agency.child.patch(f"/workflows/{workflow['id']}", json={"is_active": False}).json()["workflow"]
    assert (changed["is_active"], changed["definition"]) == (False, GRAPH)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"version": 2}, "version must be 1"),
        ({"entry_node": "bye"}, "entry_node must name a conversation node"),
        ({"nodes": []}, "nodes must be a list with at least one node"),
        ({"nodes": [*GRAPH["nodes"], {"id": "bye", "type": "end"}]}, "nodes: the id bye is used twice"),
        ({"nodes": [*GRAPH["nodes"], {"id": "Bye!", "type": "end"}]}, "node Bye!: id must be lowercase"),
        ({"nodes": [*GRAPH["nodes"], {"id": "x", "type": "dance"}]}, "node x: type must be one of"),
        ({"nodes": [*GRAPH["nodes"], {"id": "x", "type": "conversation"}]}, "node x: instructions is missing"),
        ({"nodes": [*GRAPH["nodes"], {"id": "x", "type": "transfer", "destination": "020"}]}, "node x: destination"),
        (
            {"nodes": [*GRAPH["nodes"], {"id": "x", "type": "tool", "tool_name": "t"}]},
            "node x: a tool node has exactly",
        ),
        (
            {"nodes": [{**GRAPH["nodes"][0], "llm_config": {"provider": "openai_live"}}, *GRAPH["nodes"][1:]]},
            "node hello: realtime_provider_not_allowed_per_node",
        ),
        ({"edges": [*GRAPH["edges"], {"from": "hello", "to": "away"}]}, "edge hello -> away: there is no node away"),
        ({"edges": [*GRAPH["edges"], {"from": "bye", "to": "look"}]}, "edge bye -> look: nothing follows"),
        ({"edges": [*GRAPH["edges"], {"from": "hello", "to": "hand_on"}]}, "edge hello -> hand_on: description"),
        ({"edges": [*GRAPH["edges"], GRAPH["edges"][0]]}, "edge hello -> look: leads back to itself, or stands there"),
    ],
)
def test_a_graph_that_cannot_run_is_refused_with_its_faults(agency, change, fault):
    refused = agency.child.post("/workflows", json={"name": "X", "definition": GRAPH | change})
    assert (refused.status_code, refused.json()["error"]) == (400, "Invalid workflow definition")
    assert any(detail.startswith(fault) for detail in refused.json()["details"]), refused.json()


def test_a_workflow_stays_while_a_number_runs_it(agency, workflow):
    numbers = f"/numbers/{agency.seeded['number_id']}"
    assert agency.child.patch(numbers, json={"workflow_id": "nobody"}).status_code == 404
    number = agency.child.patch(numbers, json={"workflow_id": workflow["id"]}).json()["number"]
    assert (number["workflow_id"], number["workflow_name"]) == (workflow["id"], "Desk")
    refused = agency.child.delete(f"/workflows/{workflow['id']}")
    assert (refused.status_code, refused.json()["error"]) == (409, "Workflow is in use")
    agency.child.patch(numbers, json={"workflow_id": None})
    assert agency.child.delete(f"/workflows/{workflow['id']}").status_code == 200
