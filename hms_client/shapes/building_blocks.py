"""What assistants are built of: voices, templates of tools and analyses, workflows, MCP servers."""

from datetime import datetime

from hms_client.reading import flag, identity, items, mapping, moment, text, texts, whole
from hms_client.shapes.shape import Shape, optional, required, rest, shape
from hms_client.values import FrozenMap, Json

_OTHER_NAMES = {"endCall": "end_call", "transferCall": "transfer_call"}


def _tool_type(value: Json) -> str:
    """A type of tool, in the one spelling that HMS takes in requests."""
    return _OTHER_NAMES.get(text(value), text(value))


@shape
class Voice(Shape):
    """A voice HMS offers; `description` by language."""

    id: str = required(identity)
    name: str = required(text)
    language: str | None = optional(text)
    description: FrozenMap | None = optional(mapping)
    extra: FrozenMap = rest()


@shape
class ToolTemplate(Shape):
    """A tool kept for reuse; `tool_type` decides what `tool_config` holds."""

    id: str = required(identity)
    name: str = required(text)
    description: str | None = optional(text)
    tool_type: str | None = optional(_tool_type)
    tool_config: FrozenMap | None = optional(mapping)
    created_at: datetime | None = optional(moment)
    updated_at: datetime | None = optional(moment)
    extra: FrozenMap = rest()


@shape
class AnalysisTemplate(Shape):
    """Prompts and a JSON Schema for what is to be learnt from a finished call."""

    id: str = required(identity)
    name: str = required(text)
    description: str | None = optional(text)
    system_prompt: str | None = optional(text)
    user_prompt: str | None = optional(text)
    schema: FrozenMap | None = optional(mapping)
    created_at: datetime | None = optional(moment)
    updated_at: datetime | None = optional(moment)
    extra: FrozenMap = rest()


@shape
class Workflow(Shape):
    """A graph of conversation steps. A list tells its size only: there `definition` is None, the counts in `extra`."""

    id: str = required(identity)
    name: str | None = optional(text)
    is_active: bool | None = optional(flag)
    definition: FrozenMap | None = optional(mapping)
    created_at: datetime | None = optional(moment)
    updated_at: datetime | None = optional(moment)
    extra: FrozenMap = rest()


@shape
class McpServer(Shape):
    """A server of tools. Header values go in and never come out; `header_names` tells which are set."""

    id: str = required(identity)
    name: str = required(text)
    url: str | None = optional(text)
    transport: str | None = optional(text)
    timeout_seconds: int | None = optional(whole)
    header_names: tuple[str, ...] | None = optional(texts)
    created_at: datetime | None = optional(moment)
    updated_at: datetime | None = optional(moment)
    extra: FrozenMap = rest()


@shape
class McpTest(Shape):
    """Whether HMS could reach an MCP server, and what it found there."""

    ok: bool = required(flag)
    duration_ms: int | None = optional(whole)
    tools: tuple[Json, ...] | None = optional(items)
    error: str | None = optional(text)
    extra: FrozenMap = rest()
