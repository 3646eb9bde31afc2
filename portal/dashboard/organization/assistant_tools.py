"""Which of the client's integrations an assistant may use: custom tools, and tools of MCP servers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from agencies.models import Membership
from hms_client import Assistant, HMSClient, HMSError, McpServer
from organizations import attachments, custom_tools, refusals, reporting
from organizations.attachments import MOST_OF_A_SERVER, Attached, ServerUse
from organizations.configurations import plain
from organizations.custom_tools import CustomTool
from portal.dashboard.audited import audited, tell
from portal.dashboard.organization.item_form import ItemForm, fingerprint
from portal.dashboard.organization.place import Place, enters
from portal.dashboard.roles import requires

_LONGEST = 200


class AnyNames(forms.MultipleChoiceField):
    """Names to tick; HMS knows which there are, so that one that was ticked a moment ago is taken."""

    def valid_value(self, value: str) -> bool:
        return 0 < len(value) <= _LONGEST


class ChoiceForm(ItemForm):
    """What it may use. For each MCP server whose tools are known there are boxes to tick."""

    names = {"allowed_tools": "", "mcp_server_id": ""}

    custom = forms.MultipleChoiceField(
        label=gettext_lazy("Tools of the client's own system"), widget=forms.CheckboxSelectMultiple, required=False
    )

    def add_server(self, server: McpServer, tools: Mapping[str, str]) -> None:
        """Offer these tools of the server, by name with what they do."""
        ticked = self.data.getlist(f"mcp_{server.id}") if hasattr(self.data, "getlist") else []
        offered = {**dict.fromkeys(ticked, ""), **tools}
        self.fields[f"mcp_{server.id}"] = AnyNames(
            label=_("Tools of %(name)s") % {"name": server.name},
            choices=[(name, f"{name}: {does}" if does else name) for name, does in offered.items()],
            widget=forms.CheckboxSelectMultiple,
            required=False,
        )
        self.fields[f"needs_{server.id}"] = forms.BooleanField(
            label=_("No call without %(name)s") % {"name": server.name},
            help_text=_("When HMS cannot reach it, the call is rejected."),
            required=False,
        )

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        for name, chosen in typed.items():
            if name.startswith("mcp_") and len(chosen) > MOST_OF_A_SERVER:
                self.add_error(name, _("At most %(most)d tools of one server.") % {"most": MOST_OF_A_SERVER})
        return typed

    def servers(self) -> dict[str, ServerUse]:
        """What was ticked, by HMS's id of the server."""
        typed = self.cleaned_data
        ids = [name.removeprefix("mcp_") for name in self.fields if name.startswith("mcp_")]
        return {id_: ServerUse(tuple(typed[f"mcp_{id_}"]), bool(typed[f"needs_{id_}"])) for id_ in ids}


@dataclass(frozen=True, slots=True)
class Offered:
    """What the organization has to choose from. `found`: a server's tools, as far as they are known, by name with what
    they do."""

    tools: tuple[CustomTool, ...]
    servers: tuple[McpServer, ...]
    found: dict[str, dict[str, str]]
    problem: str = ""

    def unknown(self) -> list[McpServer]:
        """Servers whose tools nobody has asked for yet."""
        return [server for server in self.servers if server.id not in self.found]


def page(place: Place, item_id: str) -> HttpResponse:
    """The choice; with ?server=... the tools of that MCP server are asked for and offered too."""
    with place.hms() as client:
        row = client.assistants.get(item_id)
        attached = attachments.read(row)
        offered = _offered(place, client, attached)
        form = _form(place, row, attached, offered)
        if place.request.method == "POST" and form.is_valid() and _is_latest(form, row):
            try:
                _save(place, client, row, form, offered)
            except HMSError as error:
                form.show_refusal(refusals.explain(error, form.names))
            else:
                messages.success(place.request, _("Saved at HMS. It counts from the next call on."))
                return place.go("assistants_item", item_id)
    context = {
        "form": form,
        "row": row,
        "offered": offered,
        "back_url": place.url("assistants_item", item_id),
        "may_change": place.may(Membership.Role.MANAGER),
        "is_connected": row.webhook_url is not None and row.webhook_url == reporting.address(place.organization.pk),
    }
    return place.show("assistant_tools.html", "assistants", context)


def _offered(place: Place, client: HMSClient, attached: Attached) -> Offered:
    servers, tools = client.mcp_servers.list(), custom_tools.all_of(place.organization)
    found = {id_: dict.fromkeys(use.allowed, "") for id_, use in attached.servers.items()}
    if place.request.method == "POST":
        posted = {name.removeprefix("mcp_") for name in place.request.POST if name.startswith("mcp_")}
        return Offered(tools, servers, {id_: {} for id_ in posted} | found)
    wanted = next((server for server in servers if server.id == place.request.GET.get("server")), None)
    if wanted is None or not place.may(Membership.Role.MANAGER):
        return Offered(tools, servers, found)
    named, problem = _asked(client, wanted)
    if named:
        found[wanted.id] = found.get(wanted.id, {}) | named
    return Offered(tools, servers, found, problem)


def _asked(client: HMSClient, server: McpServer) -> tuple[dict[str, str], str]:
    """A server's tools, as HMS finds them now, or why it finds none."""
    try:
        test = client.mcp_servers.test(server.id)
    except HMSError as error:
        return {}, refusals.explain(error, only_read=True).sentence
    tools = [plain(tool) for tool in test.tools or ()]
    listed = [tool for tool in tools if isinstance(tool, dict) and isinstance(tool.get("name"), str)]
    if test.ok and listed:
        return {tool["name"]: str(tool.get("description") or "") for tool in listed}, ""
    words = _("HMS gets no tools from “%(name)s”. %(reason)s")
    return {}, (words % {"name": server.name, "reason": test.error or ""}).strip()


def _form(place: Place, row: Assistant, attached: Attached, offered: Offered) -> ChoiceForm:
    initial: dict[str, Any] = {"custom": [tool.name for tool in offered.tools if tool.name in attached.names]}
    for id_, use in attached.servers.items():
        initial |= {f"mcp_{id_}": list(use.allowed), f"needs_{id_}": use.is_required}
    posted = place.request.POST if place.request.method == "POST" else None
    form = ChoiceForm(posted, initial={**initial, "seen": _seen(row)})
    chosen = form.fields["custom"]
    if isinstance(chosen, forms.MultipleChoiceField):
        chosen.choices = [(tool.name, f"{tool.name}: {tool.description}") for tool in offered.tools]
    for server in offered.servers:
        if server.id in offered.found:
            form.add_server(server, offered.found[server.id])
    return form


def _seen(row: Assistant) -> str:
    return fingerprint({"tools": plain(row.llm_config or {}).get("tools")})


def _is_latest(form: ChoiceForm, row: Assistant) -> bool:
    if form.cleaned_data["seen"] == _seen(row):
        return True
    form.add_error(None, _("Somebody changed its tools at HMS meanwhile. Save again to have them as ticked here."))
    form.put(seen=_seen(row))
    return False


def _save(place: Place, client: HMSClient, row: Assistant, form: ChoiceForm, offered: Offered) -> None:
    block = attachments.changed(row, ours=offered.tools, names=form.cleaned_data["custom"], servers=form.servers())
    if block is not None:
        client.assistants.update(row.id, llm_config=block)
        names = {server.id: server.name for server in offered.servers}
        used = {names.get(id_, id_): list(use.allowed) for id_, use in form.servers().items()}
        tell(place.request, assistant=row.name, tools=form.cleaned_data["custom"], servers=used)
        reporting.forget(place.organization)


def paths() -> list[URLPattern]:
    """The address of the choice, below its assistant's."""
    keeps_log = audited("assistants.tools", tells=True, outside=True)
    inside = requires(Membership.Role.MANAGER)(keeps_log(enters("assistants")(page)))
    view = require_http_methods(["GET", "POST"])(inside)
    where = "clients/<uuid:client_id>/organization/assistants/<str:item_id>/tools/"
    return [path(where, view, name="organization_assistants_tools")]
