"""What is wrong with the graph of a workflow, one sentence for each fault. Pure."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

_ID = re.compile(r"[a-z][a-z0-9_]{0,40}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
WRITTEN_MODELS = ("openai", "xai", "mistral", "google")
# What a node of a type must say.
_MUST = {"conversation": "instructions", "tool": "tool_name", "transfer": "destination", "end": ""}


def faults(definition: Any) -> list[str]:
    """Every fault of the definition; none when it may run."""
    if not isinstance(definition, dict):
        return ["definition must be a JSON object"]
    nodes, edges = definition.get("nodes"), definition.get("edges", [])
    found = [] if definition.get("version") == 1 else ["version must be 1"]
    if not isinstance(nodes, list) or not nodes or not all(isinstance(node, dict) for node in nodes):
        return [*found, "nodes must be a list with at least one node"]
    if not isinstance(edges, list) or not all(isinstance(edge, dict) for edge in edges):
        return [*found, "edges must be a list"]
    kinds = {str(node.get("id")): node.get("type") for node in nodes}
    if kinds.get(str(definition.get("entry_node"))) != "conversation":
        found.append("entry_node must name a conversation node")
    found += [f"nodes: the id {name} is used twice" for name, count in _ids(nodes).items() if count > 1]
    found += [fault for node in nodes for fault in _of_node(node)]
    return found + list(_of_edges(edges, kinds))


def _ids(nodes: list[dict[str, Any]]) -> Counter[str]:
    return Counter(str(node.get("id")) for node in nodes)


def _of_node(node: dict[str, Any]) -> Iterator[str]:
    name, kind = node.get("id"), node.get("type")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        yield f"node {name}: id must be lowercase letters, digits and underscores, beginning with a letter"
    if kind not in _MUST:
        yield f"node {name}: type must be one of {', '.join(_MUST)}"
        return
    must = _MUST[kind]
    if must and not (isinstance(node.get(must), str) and node[must].strip()):
        yield f"node {name}: {must} is missing"
    elif kind == "transfer" and not _E164.fullmatch(node["destination"]):
        yield f"node {name}: destination must be a number such as +31201234567"
    model = node.get("llm_config")
    if isinstance(model, dict) and model.get("provider") not in (None, *WRITTEN_MODELS):
        yield f"node {name}: realtime_provider_not_allowed_per_node"


def _of_edges(edges: list[dict[str, Any]], kinds: dict[str, Any]) -> Iterator[str]:
    pairs = Counter((str(edge.get("from")), str(edge.get("to"))) for edge in edges)
    for (start, end), count in pairs.items():
        unknown = [name for name in (start, end) if name not in kinds]
        if unknown:
            yield f"edge {start} -> {end}: there is no node {unknown[0]}"
        elif kinds[start] not in ("conversation", "tool"):
            yield f"edge {start} -> {end}: nothing follows a node of type {kinds[start]}"
        elif start == end or count > 1:
            yield f"edge {start} -> {end}: leads back to itself, or stands there twice"
    for edge in edges:
        if kinds.get(str(edge.get("from"))) == "conversation" and not edge.get("description"):
            yield f"edge {edge.get('from')} -> {edge.get('to')}: description is missing"
    leaving = Counter(start for start, _end in pairs)
    for name, kind in kinds.items():
        if kind == "tool" and leaving[name] != 1:
            yield f"node {name}: a tool node has exactly one outgoing edge"
