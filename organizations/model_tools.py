"""The tools beside an assistant's model, which HMS keeps in one list: read, and written back beside the rest."""

from collections.abc import Mapping, Sequence
from typing import Any

from hms_client import Assistant
from organizations.configurations import plain


def entries(row: Assistant) -> list[dict[str, Any]]:
    """The entries in their order, as plain dictionaries."""
    listed = plain(row.llm_config or {}).get("tools")
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def name(entry: Mapping[str, Any]) -> str:
    """The name of a function whose calls come to where the assistant reports; "" for everything else."""
    function = entry.get("function")
    if entry.get("type") != "function" or not isinstance(function, Mapping) or entry.get("server") or entry.get("url"):
        return ""
    found = function.get("name")
    return found if isinstance(found, str) else ""


def block(row: Assistant, tools: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The `llm_config` to send so that the assistant has these tools and keeps all else."""
    return {**plain(row.llm_config or {}), "tools": list(tools)}
