"""MCP servers, whose tools assistants can use during a call."""

from collections.abc import Mapping
from typing import Required, TypedDict, Unpack

from hms_client.resources.collection import Collection, given
from hms_client.shapes.building_blocks import McpServer, McpTest
from hms_client.transport import Transport


class NewMcpServer(TypedDict, total=False):
    """`url` is https, `transport` streamable_http or sse; at most 10 headers; 5 to 60 seconds."""

    name: Required[str]
    url: Required[str]
    transport: str
    headers: Mapping[str, str]
    timeout_seconds: int


class McpServerChanges(TypedDict, total=False):
    """`headers` replaces all stored ones; send them again with a `url` on another host."""

    name: str
    url: str
    transport: str
    headers: Mapping[str, str]
    timeout_seconds: int


class McpServers(Collection[McpServer]):
    """`client.mcp_servers`. Deleting one raises Conflict while an assistant uses it."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport, "/mcp-servers", many="mcp_servers", one="mcp_server", read=McpServer.from_json)

    def create(self, **fields: Unpack[NewMcpServer]) -> McpServer:
        """Add a server; header values never come back."""
        return self._create(fields)

    def update(self, server_id: str, /, **changes: Unpack[McpServerChanges]) -> McpServer:
        """Change the fields given."""
        return self._update(server_id, changes)

    def test(self, server_id: str, *, headers: Mapping[str, str] | None = None) -> McpTest:
        """Let HMS connect and list the tools. A server out of reach is an answer (`ok` False), not an error."""
        path = {"id": server_id}
        return McpTest.from_json(
            self._transport.request("POST", "/mcp-servers/{id}/test", path=path, body=given(headers=headers))
        )
