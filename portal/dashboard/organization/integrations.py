"""Custom tools of a client: what connects its CRM, calendar or helpdesk. Kept here, named by assistants at HMS."""

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from hms_client import HMSClient, HMSError
from organizations import attachments, custom_tools, deliveries, headers, refusals, tool_requests
from organizations.custom_tools import CustomTool, NoSuchTool
from organizations.refusals import WrongField
from organizations.tool_requests import Trial
from portal.dashboard.audited import tell
from portal.dashboard.organization.fields import JsonField, long_text, text
from portal.dashboard.organization.fields import secret as secret_field
from portal.dashboard.organization.header_fields import HeadersField
from portal.dashboard.organization.item_form import ItemForm
from portal.dashboard.organization.place import Place
from portal.dashboard.organization.resource import Line, Press, Resource
from portal.dashboard.organization.trial_form import TrialForm
from portal.dashboard.webhooks import reason_of, row_of

_LATEST = 10
_EXAMPLE = {"type": "object", "properties": {"phone": {"type": "string", "description": ""}}, "required": ["phone"]}


class ToolForm(ItemForm):
    """A tool that is there already: everything but its name."""

    names = {name: name for name in ("description", "parameters", "url", "headers", "secret", "timeout_seconds")}

    description = long_text(
        gettext_lazy("When to use it"),
        gettext_lazy("The assistant decides by this. Such as: Finds a customer by telephone number."),
        most=1000,
        rows=2,
        required=True,
    )
    parameters = JsonField(
        gettext_lazy("What it is given"),
        gettext_lazy("A JSON Schema of an object. The assistant fills in its properties."),
    )
    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=2_000,
        widget=forms.URLInput({"placeholder": "https://crm.example.com/find", "autocomplete": "off"}),
        help_text=gettext_lazy("An https address of your client's own system. We post to it."),
    )
    headers = HeadersField(
        gettext_lazy("Headers"),
        gettext_lazy("One in a line. Values are stored encrypted and never shown; a cover keeps what is stored."),
    )
    secret = secret_field(
        gettext_lazy("Signing secret"),
        gettext_lazy("The system can check with it that a request is ours. Leave it empty if it does not."),
    )
    timeout_seconds = forms.IntegerField(
        label=gettext_lazy("Seconds to wait"),
        min_value=custom_tools.SHORTEST_SECONDS,
        max_value=custom_tools.LONGEST_SECONDS,
        initial=custom_tools.USUAL_SECONDS,
        help_text=gettext_lazy("Somebody waits on the line: at most 8."),
    )


class NewToolForm(ToolForm):
    """A tool that is new."""

    names = {"name": "name", **ToolForm.names}

    name = text(
        gettext_lazy("Name"),
        gettext_lazy("How the assistant calls it, such as find_customer. It stays as it is."),
        most=custom_tools.LONGEST_NAME,
        required=True,
    )
    field_order = ("name",)


class Integrations(Resource[CustomTool]):
    key, icon = "integrations", "plug-connected"
    title, new_title = gettext_lazy("Integrations"), gettext_lazy("New tool")
    lead = gettext_lazy("Tools of the client's own system, such as its CRM, calendar or helpdesk.")
    empty = gettext_lazy("A tool asks the client's system during a call. Add one, try it, choose it on an assistant.")
    add = gettext_lazy("New tool")
    removed = gettext_lazy("Removed, with its secrets.")
    form_class, edit_form_class = NewToolForm, ToolForm
    form_template = "custom_tool.html"

    def rows(self, place: Place, client: HMSClient) -> Sequence[CustomTool]:
        return custom_tools.all_of(place.organization)

    def row(self, place: Place, client: HMSClient, item_id: str) -> CustomTool:
        try:
            return custom_tools.find(place.organization, item_id)
        except NoSuchTool as error:
            raise Http404(_("There is no such tool.")) from error

    def line(self, place: Place, row: CustomTool) -> Line:
        return Line(
            icon=self.icon,
            title=row.name,
            meta=row.description,
            href=place.url("integrations_item", row.name),
            presses=[self.remove_press(place, row.name, row.name)],
        )

    def remove_press(self, place: Place, item_id: str, name: str) -> Press:
        question = _("“%(name)s” is removed, with its headers and its secret.") % {"name": name}
        return Press(place.url("integrations_remove", item_id), _("Remove"), question=question, danger=True)

    def initial(self, row: CustomTool) -> dict[str, Any]:
        return {
            "description": row.description,
            "parameters": dict(row.parameters),
            "url": row.url,
            "headers": headers.covered(row.header_names),
            "timeout_seconds": row.timeout_seconds,
        }

    def create(self, place: Place, client: HMSClient, typed: dict[str, Any]) -> str:
        custom_tools.add(organization=place.organization, **_given(typed), name=typed["name"])
        return _("“%(name)s” is kept. Try it, then choose it on an assistant.") % typed

    def update(self, place: Place, client: HMSClient, row: CustomTool, typed: dict[str, Any]) -> str:
        tool = custom_tools.change(organization=place.organization, name=row.name, **_given(typed))
        try:
            told = attachments.bring_up_to_date(place.organization, tool)
        except HMSError:
            return _("Saved. HMS did not take it for every assistant that uses it: see on the tool which ones.")
        if not told:
            return _("Saved.")
        words = ngettext("Saved, and told %(count)d assistant.", "Saved, and told %(count)d assistants.", len(told))
        return words % {"count": len(told)}

    def delete(self, place: Place, client: HMSClient, item_id: str) -> None:
        using = attachments.users(client.assistants.list(), item_id)
        if using:
            names = ", ".join(row.name for row in using)
            raise WrongField("", _("%(names)s may use it. Take it out there first.") % {"names": names})
        custom_tools.remove(organization=place.organization, name=item_id)

    def shown(self, place: Place, client: HMSClient, row: CustomTool | None) -> dict[str, Any]:
        if row is None:
            return {"example": json.dumps(_EXAMPLE, indent=2)}
        latest = deliveries.latest_of_tool(place.organization.pk, row.name, limit=_LATEST)
        return {
            "trial_form": TrialForm(row.parameters),
            "try_url": place.url("integrations_try", row.name),
            "uses": [row_of(one, has_body=False) for one in latest],
            **_used_by(place, client, row),
        }

    def try_it(self, place: Place, item_id: str) -> HttpResponse:
        """Use a tool with what was filled in, and show what the assistant would get."""
        with place.hms() as client:
            row = self.row(place, client, item_id)
            form = TrialForm(row.parameters, place.request.POST)
            trial = tool_requests.try_it(place.organization, row, form.arguments()) if form.is_valid() else None
            beside = self.shown(place, client, row) | {"trial_form": form}
        if trial:
            tell(place.request, status=trial.status)
            beside |= _said(trial)
        return self.form_page(place, self.unbound(row), row, beside)

    def spread(self, place: Place, item_id: str) -> HttpResponse:
        """Tell the assistants that use a tool what it is now."""
        with place.hms() as client:
            row = self.row(place, client, item_id)

        def do() -> None:
            attachments.bring_up_to_date(place.organization, row)

        return self.pressed(place, do, _("Every assistant that uses it knows it as it is now."))

    def paths(self) -> list[URLPattern]:
        base, name = f"clients/<uuid:client_id>/organization/{self.key}/", f"organization_{self.key}"
        return [
            path(f"{base}<str:item_id>/try/", self.view(self.try_it, require_POST, tells=True), name=f"{name}_try"),
            path(f"{base}<str:item_id>/spread/", self.view(self.spread, require_POST), name=f"{name}_spread"),
            *super().paths(),
        ]


def _given(typed: dict[str, Any]) -> dict[str, Any]:
    return {name: typed[name] for name in ToolForm.names}


def _used_by(place: Place, client: HMSClient, tool: CustomTool) -> dict[str, Any]:
    """The assistants that use it, as HMS has them now."""
    try:
        using = attachments.users(client.assistants.list(), tool.name)
    except HMSError as error:
        return {"used_refusal": refusals.explain(error, only_read=True).sentence}
    behind = [row for row in using if not attachments.is_up_to_date(row, tool)]
    lines = [
        Line(
            icon="robot",
            title=row.name,
            href=place.url("assistants_tools", row.id),
            badges=[("warn", _("Knows an older one"))] if row in behind else [],
        )
        for row in using
    ]
    spread = Press(place.url("integrations_spread", tool.name), _("Tell them"), icon="refresh")
    return {"users": lines, "spread": spread if behind else None}


def _said(trial: Trial) -> dict[str, Any]:
    is_good = trial.status is not None and trial.status < 300
    facts = [
        _("status %(status)d") % {"status": trial.status} if trial.status is not None else "",
        _("%(time)d ms") % {"time": trial.took_ms} if trial.took_ms is not None else "",
    ]
    return {
        "trial": trial,
        "is_good": is_good,
        "trial_facts": " · ".join(filter(None, facts)),
        "trial_reason": reason_of(trial.why),
        "trial_said": json.dumps(trial.answer, indent=2, ensure_ascii=False),
    }
