"""Templates of tools."""

from collections.abc import Mapping
from typing import Required, TypedDict, Unpack

from hms_client.resources.collection import Collection
from hms_client.shapes.building_blocks import ToolTemplate
from hms_client.transport import Transport


class NewToolTemplate(TypedDict, total=False):
    """`tool_type` is function, end_call or transfer_call, and decides what `tool_config` holds."""

    name: Required[str]
    tool_type: Required[str]
    tool_config: Required[Mapping[str, object]]
    description: str | None


class ToolTemplateChanges(TypedDict, total=False):
    """A `tool_config` given replaces the stored one."""

    name: str
    tool_type: str
    tool_config: Mapping[str, object]
    description: str | None


class ToolTemplates(Collection[ToolTemplate]):
    """`client.tool_templates`."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(
            transport, "/tool-templates", many="tool_templates", one="tool_template", read=ToolTemplate.from_json
        )

    def create(self, **fields: Unpack[NewToolTemplate]) -> ToolTemplate:
        """Create a template."""
        return self._create(fields)

    def update(self, template_id: str, /, **changes: Unpack[ToolTemplateChanges]) -> ToolTemplate:
        """Change the fields given."""
        return self._update(template_id, changes)
