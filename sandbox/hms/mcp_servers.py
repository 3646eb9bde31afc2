"""MCP servers: their headers go in and only the names come out; a test finds what a lever has put at their address."""

import time
from typing import Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from sandbox.answers import json_answer, read_json, refuse
from sandbox.hms.auth import keyed
from sandbox.hms.kept import Kept, must_be_one_of
from sandbox.store import Document
from sandbox.world import World

TRANSPORTS = ("streamable_http", "sse")
MOST_HEADERS, MOST_TOOLS = 10, 25
SHORTEST_SECONDS, LONGEST_SECONDS = 5, 60
# What stands at addresses without anybody putting it there, so that a test by hand finds something.
USUAL = {
    "https://mcp.example.test/crm": [
        {"name": "find_customer", "description": "Finds a customer by telephone number.", "input_schema": {}},
        {"name": "book_visit", "description": "Books a visit in the calendar.", "input_schema": {}},
    ]
}


def _check(world: World, organization: Document, given: dict[str, Any]) -> None:
    url, headers, seconds = given.get("url"), given.get("headers"), given.get("timeout_seconds")
    if url is not None and (urlsplit(str(url)).scheme != "https" or not urlsplit(str(url)).hostname):
        raise refuse(400, "Invalid url", "It must begin with https:// and lead to a public address.")
    must_be_one_of("transport", given, TRANSPORTS)
    if headers is not None and not _are_headers(headers):
        raise refuse(400, "Invalid headers", f"At most {MOST_HEADERS}, each a name and a text.")
    if seconds is not None and not (_is_whole(seconds) and SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS):
        raise refuse(400, "Invalid timeout_seconds", f"From {SHORTEST_SECONDS} to {LONGEST_SECONDS}.")
    others = [
        one for one in world.store.find("hms_mcp_server", owner=organization["id"]) if one["id"] != given.get("id")
    ]
    if given.get("name") in [one["name"] for one in others]:
        raise refuse(409, "An MCP server with this name already exists")
    kept = world.store.get("hms_mcp_server", given["id"]) if "id" in given else None
    if (
        kept
        and kept["headers"]
        and url
        and headers is None
        and urlsplit(url).hostname != urlsplit(kept["url"]).hostname
    ):
        raise refuse(400, "Invalid headers", "The url is on another host: send the headers with it.")


def _are_headers(headers: Any) -> bool:
    return (
        isinstance(headers, dict)
        and len(headers) <= MOST_HEADERS
        and all(isinstance(value, str) and value and "\n" not in value for value in headers.values())
    )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _let_go(world: World, organization: Document, server: Document) -> None:
    assistants = world.store.find("hms_assistant", owner=organization["id"])
    using = [one for one in assistants if any(tool["mcp_server_id"] == server["id"] for tool in attached(one))]
    if using:
        raise refuse(409, "MCP server is in use", f"{len(using)} assistant(s) use it. Take it out there first.")


def attached(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """The tools of type mcp among an assistant's fields."""
    config = fields.get("llm_config")
    tools = config.get("tools") if isinstance(config, dict) else None
    found = [tool for tool in tools or [] if isinstance(tool, dict) and tool.get("type") == "mcp"]
    return [{"mcp_server_id": None, **tool} for tool in found]


def check_attached(world: World, organization: Document, fields: dict[str, Any]) -> None:
    """Refused 400 for an assistant that is to use a server of somebody else, or none or too many of its tools."""
    for tool in attached(fields):
        server = world.store.get("hms_mcp_server", str(tool["mcp_server_id"]))
        if server is None or server["_organization"] != organization["id"]:
            raise refuse(400, "Invalid llm_config", "mcp_server_id is no MCP server of this organization.")
        allowed = tool.get("allowed_tools")
        if not isinstance(allowed, list) or not allowed or len(allowed) > MOST_TOOLS:
            raise refuse(400, "Invalid llm_config", f"allowed_tools has 1 to {MOST_TOOLS} names.")


class McpServers(Kept):
    """The five things one does with them, and a test."""

    def __init__(self) -> None:
        fields: dict[str, Any] = {
            "name": None,
            "url": None,
            "transport": "streamable_http",
            "headers": {},
            "timeout_seconds": 20,
        }
        super().__init__(
            "hms_mcp_server",
            many="mcp_servers",
            one="mcp_server",
            fields=fields,
            required=("name", "url"),
            secret=("headers",),
            check=_check,
            release=_let_go,
        )
        self.test = keyed(self._test)

    def public(self, world: World, document: Document) -> dict[str, Any]:
        return super().public(world, document) | {"header_names": sorted(document["headers"])}

    def _test(self, world: World, request: Request, organization: Document, id_: str) -> Response:
        server, started = self.owned(world, organization, id_), time.monotonic()
        said = read_json(request).get("headers") or {}
        answer = _reached(world, server["url"], server["headers"] | said)
        return json_answer({**answer, "duration_ms": int((time.monotonic() - started) * 1000)})


def _reached(world: World, url: str, headers: dict[str, str]) -> dict[str, Any]:
    there = world.store.get("hms_mcp_world", url) or {"tools": USUAL.get(url), "requires": {}}
    if there["tools"] is None:
        return {"ok": False, "error": f"Could not connect to {urlsplit(url).hostname}"}
    sent = {name.lower(): value for name, value in headers.items()}
    if any(sent.get(name.lower()) != value for name, value in there["requires"].items()):
        return {"ok": False, "error": "The server answered 401 Unauthorized"}
    return {"ok": True, "tools": there["tools"]}


MCP_SERVERS = McpServers()


def stand(world: World, request: Request) -> Response:
    """Puts an MCP server at an address, with its tools and the headers that it requires."""
    body = read_json(request)
    url, tools, requires = str(body.get("url") or ""), body.get("tools"), body.get("requires") or {}
    if not url or not isinstance(requires, dict):
        raise refuse(400, "url is missing, or requires is no object")
    known = world.store.get("hms_mcp_world", url)
    there = {"tools": tools, "requires": requires}
    if known is None:
        world.store.add("hms_mcp_world", url, there)
    world.store.save("hms_mcp_world", url, there)
    return json_answer({"url": url, **there})
