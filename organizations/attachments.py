"""What an assistant at HMS may use: custom tools by name, and tools of MCP servers. Pure, but for `bring_up_to_date`.

HMS keeps them in one list beside the model, with tools of other kinds. A change made here keeps those, and their order.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hms_client import Assistant
from organizations import hms, model_tools, reporting
from organizations.configurations import plain
from organizations.custom_tools import CustomTool
from organizations.models import Organization

MOST_OF_A_SERVER: Final = 25


@dataclass(frozen=True, slots=True)
class ServerUse:
    """Which tools of an MCP server an assistant may use. `is_required`: without the server there is no call."""

    allowed: tuple[str, ...]
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Attached:
    """What an assistant may use: custom tools' names, and MCP servers by HMS's id."""

    names: tuple[str, ...]
    servers: Mapping[str, ServerUse]


def read(row: Assistant) -> Attached:
    """What the assistant may use of functions that it reports to us, and of MCP servers."""
    entries = model_tools.entries(row)
    names = tuple(name for entry in entries if (name := model_tools.name(entry)))
    servers = {entry["mcp_server_id"]: _use(entry) for entry in entries if _is_mcp(entry)}
    return Attached(names, servers)


def changed(
    row: Assistant, *, ours: Iterable[CustomTool], names: Collection[str], servers: Mapping[str, ServerUse]
) -> dict[str, Any] | None:
    """The block to send so that the assistant uses these; None when it does already.

    `ours` are all custom tools there are: a function that is none of them is somebody else's, and stays.
    """
    known = {tool.name: tool for tool in ours}
    kept = [entry for each in model_tools.entries(row) if (entry := _kept(each, known, names, servers)) is not None]
    there = {model_tools.name(entry) for entry in kept}
    kept += [_function(known[name]) for name in names if name in known and name not in there]
    attached = {entry["mcp_server_id"] for entry in kept if _is_mcp(entry)}
    kept += [_mcp(server_id, use) for server_id, use in servers.items() if server_id not in attached and use.allowed]
    if kept == model_tools.entries(row):
        return None
    return model_tools.block(row, kept)


def portable(row: Assistant, *, without: Collection[str] = ()) -> dict[str, Any] | None:
    """The block for a copy in another organization: MCP servers stay behind, and so do the custom tools named."""
    block: dict[str, Any] | None = plain(row.llm_config)
    if block and "tools" in block:
        mine = [entry for entry in model_tools.entries(row) if not _is_mcp(entry)]
        block["tools"] = [entry for entry in mine if model_tools.name(entry) not in without]
    return block


def is_up_to_date(row: Assistant, tool: CustomTool) -> bool:
    """The assistant does not use the tool, or knows it as it is now."""
    mine = [entry for entry in model_tools.entries(row) if model_tools.name(entry) == tool.name]
    return all(entry["function"] == tool.entry() for entry in mine)


def users(rows: Iterable[Assistant], name: str) -> list[Assistant]:
    """The assistants that use the custom tool of this name."""
    return [row for row in rows if name in read(row).names]


def bring_up_to_date(organization: Organization, tool: CustomTool) -> list[str]:
    """Tell every assistant that uses the tool what it is now; the names of those that did not know.

    Talks to HMS: not to be called inside a transaction. Raises hms.NoKey or an hms_client.HMSError; what was told
    until then is told, and doing it again tells the rest.
    """
    told = []
    with hms.for_organization(organization) as client:
        for row in users(client.assistants.list(), tool.name):
            now = read(row)
            block = changed(row, ours=[tool], names=now.names, servers=now.servers)
            if block is not None:
                client.assistants.update(row.id, llm_config=block)
                told.append(row.name)
    reporting.forget(organization)
    return told


def _is_mcp(entry: Mapping[str, Any]) -> bool:
    return entry.get("type") == "mcp" and isinstance(entry.get("mcp_server_id"), str)


def _use(entry: Mapping[str, Any]) -> ServerUse:
    allowed = entry.get("allowed_tools")
    named = tuple(name for name in allowed if isinstance(name, str)) if isinstance(allowed, list) else ()
    return ServerUse(named, entry.get("required") is not False)


def _kept(
    entry: dict[str, Any],
    known: Mapping[str, CustomTool],
    names: Collection[str],
    servers: Mapping[str, ServerUse],
) -> dict[str, Any] | None:
    """The entry as it is to be, or None when it goes."""
    name = model_tools.name(entry)
    if name in known:
        return {**entry, "function": known[name].entry()} if name in names else None
    if not _is_mcp(entry):
        return entry
    use = servers.get(entry["mcp_server_id"])
    if use is None or not use.allowed:
        return None
    return entry if use == _use(entry) else {**entry, **_mcp(entry["mcp_server_id"], use)}


def _function(tool: CustomTool) -> dict[str, Any]:
    return {"type": "function", "function": tool.entry()}


def _mcp(server_id: str, use: ServerUse) -> dict[str, Any]:
    return {
        "type": "mcp",
        "mcp_server_id": server_id,
        "allowed_tools": list(use.allowed),
        "required": use.is_required,
    }
