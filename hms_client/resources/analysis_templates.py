"""Templates of analyses."""

from collections.abc import Mapping
from typing import Required, TypedDict, Unpack

from hms_client.resources.collection import Collection
from hms_client.shapes.building_blocks import AnalysisTemplate
from hms_client.transport import Transport


class NewAnalysisTemplate(TypedDict, total=False):
    """`user_prompt` may hold {transcript}, {summary}, {duration}, {caller_number}; `schema` is a JSON Schema."""

    name: Required[str]
    system_prompt: Required[str]
    user_prompt: Required[str]
    schema: Required[Mapping[str, object]]
    description: str | None


class AnalysisTemplateChanges(TypedDict, total=False):
    """Any of the same fields."""

    name: str
    system_prompt: str
    user_prompt: str
    schema: Mapping[str, object]
    description: str | None


class AnalysisTemplates(Collection[AnalysisTemplate]):
    """`client.analysis_templates`."""

    def __init__(self, transport: Transport) -> None:
        many, one = "analysis_templates", "analysis_template"
        super().__init__(transport, "/analysis-templates", many=many, one=one, read=AnalysisTemplate.from_json)

    def create(self, **fields: Unpack[NewAnalysisTemplate]) -> AnalysisTemplate:
        """Create a template."""
        return self._create(fields)

    def update(self, template_id: str, /, **changes: Unpack[AnalysisTemplateChanges]) -> AnalysisTemplate:
        """Change the fields given."""
        return self._update(template_id, changes)
