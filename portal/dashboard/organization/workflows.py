"""Workflows of a client's organization: graphs that lead a number's calls, written as JSON and judged by HMS."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from hms_client import HMSClient, Workflow
from organizations.configurations import covered, plain, uncovered
from portal.dashboard.organization.fields import JsonField, flag, text
from portal.dashboard.organization.item_form import ItemForm
from portal.dashboard.organization.place import Place
from portal.dashboard.organization.resource import Line, Resource

_DOT = " · "


class WorkflowForm(ItemForm):
    # What HMS says is about the graph, whatever words are in it.
    names = {"definition": "definition"}
    rest_name = "definition"

    name = text(gettext_lazy("Name"), most=100, required=True)
    is_active = flag(
        gettext_lazy("Active"),
        gettext_lazy("Switched off, its numbers are answered by their assistants."),
        initial=True,
    )
    definition = JsonField(
        gettext_lazy("Definition"),
        gettext_lazy("JSON with version, entry_node, nodes and edges. Secrets are covered; leave a cover to keep it."),
        required=True,
    )


class Workflows(Resource[Workflow]):
    key, icon = "workflows", "sitemap"
    title, new_title = gettext_lazy("Workflows"), gettext_lazy("New workflow")
    lead = gettext_lazy("Steps that a conversation goes through. A number runs one instead of a single assistant.")
    empty = gettext_lazy("Describe the steps of a conversation as JSON, then choose the workflow on a number.")
    add = gettext_lazy("New workflow")
    form_class = WorkflowForm
    form_template = "workflow.html"

    def collection(self, client: HMSClient) -> Any:
        return client.workflows

    def name_of(self, row: Workflow) -> str:
        return row.name or row.id

    def line(self, place: Place, row: Workflow) -> Line:
        is_active = row.is_active is not False
        return Line(
            icon=self.icon,
            title=self.name_of(row),
            meta=_size(row),
            href=place.url("workflows_item", row.id),
            badges=[("in", _("Active")) if is_active else ("neutral", _("Off"))],
            presses=[self.remove_press(place, row.id, self.name_of(row))],
        )

    def initial(self, row: Workflow) -> dict[str, Any]:
        return {
            "name": row.name or "",
            "is_active": row.is_active is not False,
            "definition": covered(row.definition or {}),
        }

    def create(self, place: Place, client: HMSClient, typed: dict[str, Any]) -> str:
        client.workflows.create(name=typed["name"], definition=typed["definition"], is_active=typed["is_active"])
        return _("“%(name)s” is made at HMS. Choose it on a number, and it leads that number's calls.") % typed

    def update(self, place: Place, client: HMSClient, row: Workflow, typed: dict[str, Any]) -> None:
        stored = plain(row.definition or {})
        typed = typed | {"definition": uncovered(typed["definition"], stored)}
        changed = self.changed(typed, self.initial(row) | {"definition": stored})
        if changed:
            client.workflows.update(row.id, **changed)


def _size(row: Workflow) -> str:
    nodes, edges = row.extra.get("node_count"), row.extra.get("edge_count")
    if not isinstance(nodes, int) or not isinstance(edges, int):
        return ""
    steps = ngettext("%(count)d step", "%(count)d steps", nodes) % {"count": nodes}
    ways = ngettext("%(count)d way on", "%(count)d ways on", edges) % {"count": edges}
    return _DOT.join((steps, ways))
