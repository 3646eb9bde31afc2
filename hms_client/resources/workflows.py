"""Workflows: graphs of conversation steps that drive a number's calls."""

from collections.abc import Mapping
from typing import TypedDict, Unpack

from hms_client.resources.collection import Collection
from hms_client.shapes.building_blocks import Workflow
from hms_client.transport import Transport


class WorkflowChanges(TypedDict, total=False):
    """A `definition` given replaces the old one; switched off, its numbers fall back to their assistants."""

    name: str
    definition: Mapping[str, object]
    is_active: bool


class Workflows(Collection[Workflow]):
    """`client.workflows`. Deleting one raises Conflict while numbers run it: detach those first."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport, "/workflows", many="workflows", one="workflow", read=Workflow.from_json)

    def create(self, *, name: str, definition: Mapping[str, object], is_active: bool = True) -> Workflow:
        """Create a workflow. Raises BadRequest, its `details` naming each fault of the graph."""
        return self._create({"name": name, "definition": definition, "is_active": is_active})

    def update(self, workflow_id: str, /, **changes: Unpack[WorkflowChanges]) -> Workflow:
        """Change the fields given."""
        return self._update(workflow_id, changes)
