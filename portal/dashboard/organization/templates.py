"""Templates that a client's assistants are built from: tools, and analyses of finished calls."""

from typing import Any, ClassVar, TypeVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hms_client import AnalysisTemplate, HMSClient, ToolTemplate
from organizations.configurations import covered, plain, uncovered
from portal.dashboard.organization.fields import JsonField, long_text, text
from portal.dashboard.organization.item_form import ItemForm
from portal.dashboard.organization.place import Place
from portal.dashboard.organization.resource import Line, Resource

S = TypeVar("S", ToolTemplate, AnalysisTemplate)
_KINDS = [
    ("function", gettext_lazy("Calls a function")),
    ("end_call", gettext_lazy("Ends the call")),
    ("transfer_call", gettext_lazy("Hands the call on")),
]


class ToolForm(ItemForm):
    names = {name: name for name in ("name", "description", "tool_type", "tool_config")}

    name = text(gettext_lazy("Name"), most=100, required=True)
    description = text(gettext_lazy("Description"), gettext_lazy("Tells the model when to use it."), most=500)
    tool_type = forms.ChoiceField(label=gettext_lazy("What it does"), choices=_KINDS)
    tool_config = JsonField(
        gettext_lazy("Configuration"),
        gettext_lazy(
            "JSON, as HMS describes it for this kind. Secrets are covered; leave a cover to keep what it covers."
        ),
    )


class AnalysisForm(ItemForm):
    names = {name: name for name in ("name", "description", "system_prompt", "user_prompt", "schema")}

    name = text(gettext_lazy("Name"), most=100, required=True)
    description = text(gettext_lazy("Description"), most=500)
    system_prompt = long_text(gettext_lazy("System prompt"), most=20_000, rows=4, required=True)
    user_prompt = long_text(
        gettext_lazy("Question"),
        gettext_lazy("May hold {transcript}, {summary}, {duration} and {caller_number}."),
        most=20_000,
        rows=4,
        required=True,
    )
    schema = JsonField(gettext_lazy("Form of the answer"), gettext_lazy("A JSON Schema."))


class Templates(Resource[S]):
    """A template: some texts, and one JSON object whose secrets are covered."""

    json_name: ClassVar[str]

    def line(self, place: Place, row: S) -> Line:
        item_id, name = str(getattr(row, "id", "")), self.name_of(row)
        href, remove = place.url(f"{self.key}_item", item_id), self.remove_press(place, item_id, name)
        return Line(icon=self.icon, title=name, meta=self.meta(row), href=href, presses=[remove])

    def meta(self, row: S) -> str:
        """What the list says below its name."""
        return getattr(row, "description", None) or ""

    def initial(self, row: S) -> dict[str, Any]:
        names = self.form_class.names if self.form_class else ()
        texts = {name: getattr(row, name) or "" for name in names if name != self.json_name}
        return {**texts, self.json_name: covered(getattr(row, self.json_name) or {})}

    def create(self, place: Place, client: HMSClient, typed: dict[str, Any]) -> str:
        names = self.form_class.names if self.form_class else ()
        self.collection(client).create(**{name: typed[name] for name in names})
        return _("“%(name)s” is made at HMS.") % typed

    def update(self, place: Place, client: HMSClient, row: S, typed: dict[str, Any]) -> None:
        stored = plain(getattr(row, self.json_name) or {})
        typed = typed | {self.json_name: uncovered(typed[self.json_name], stored)}
        changed = self.changed(typed, self.initial(row) | {self.json_name: stored})
        if changed:
            self.collection(client).update(getattr(row, "id", ""), **changed)


class Tools(Templates[ToolTemplate]):
    key, icon, json_name = "tools", "tool", "tool_config"
    title, new_title = gettext_lazy("Tool templates"), gettext_lazy("New tool template")
    lead = gettext_lazy("What assistants can do during a call, kept at HMS for reuse.")
    empty = gettext_lazy("A tool looks something up, hands a call on or ends it. Make one, and assistants can use it.")
    add = gettext_lazy("New template")
    form_class = ToolForm

    def collection(self, client: HMSClient) -> Any:
        return client.tool_templates

    def meta(self, row: ToolTemplate) -> str:
        kinds = {name: str(words) for name, words in _KINDS}
        return " · ".join(filter(None, [kinds.get(row.tool_type or "", row.tool_type), row.description]))


class Analyses(Templates[AnalysisTemplate]):
    key, icon, json_name = "analyses", "report-analytics", "schema"
    title, new_title = gettext_lazy("Analyses"), gettext_lazy("New analysis")
    lead = gettext_lazy("What is to be learnt from a call once it is over.")
    empty = gettext_lazy("An analysis reads the transcript and fills in a form, such as the reason for the call.")
    add = gettext_lazy("New analysis")
    form_class = AnalysisForm

    def collection(self, client: HMSClient) -> Any:
        return client.analysis_templates
