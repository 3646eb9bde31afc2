"""MCP servers of a client's organization: other systems' tools that HMS itself asks, and whether it reaches them."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from hms_client import HMSClient, HMSError, McpServer, McpTest
from organizations import headers, refusals
from organizations.configurations import plain
from portal.dashboard.organization.fields import text
from portal.dashboard.organization.header_fields import HeadersField
from portal.dashboard.organization.item_form import ItemForm
from portal.dashboard.organization.place import Place
from portal.dashboard.organization.resource import Line, Press, Resource

_TRANSPORTS = [("streamable_http", gettext_lazy("Streamable HTTP")), ("sse", gettext_lazy("SSE (older servers)"))]


class McpForm(ItemForm):
    names = {name: name for name in ("name", "url", "transport", "headers", "timeout_seconds")}

    name = text(gettext_lazy("Name"), most=100, required=True)
    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=2_000,
        widget=forms.URLInput({"placeholder": "https://mcp.example.com/tools", "autocomplete": "off"}),
        help_text=gettext_lazy("An https address that the internet can reach. HMS asks it during calls."),
    )
    transport = forms.ChoiceField(label=gettext_lazy("Transport"), choices=_TRANSPORTS)
    headers = HeadersField(
        gettext_lazy("Headers"),
        gettext_lazy("One in a line. HMS keeps the values and shows them to nobody. A change replaces all of them."),
    )
    timeout_seconds = forms.IntegerField(
        label=gettext_lazy("Seconds to wait for it"), min_value=5, max_value=60, initial=20
    )


class McpServers(Resource[McpServer]):
    key, icon = "mcp", "server"
    title, new_title = gettext_lazy("MCP servers"), gettext_lazy("Add an MCP server")
    lead = gettext_lazy("Systems that offer their tools by the Model Context Protocol. HMS asks them itself.")
    empty = gettext_lazy("Add the server of a CRM, calendar or helpdesk, test it, and let an assistant use its tools.")
    add = gettext_lazy("Add a server")
    form_class = McpForm
    form_template = "mcp_server.html"

    def collection(self, client: HMSClient) -> Any:
        return client.mcp_servers

    def line(self, place: Place, row: McpServer) -> Line:
        remove = self.remove_press(place, row.id, row.name)
        return Line(
            icon=self.icon, title=row.name, meta=row.url or "", href=place.url("mcp_item", row.id), presses=[remove]
        )

    def initial(self, row: McpServer) -> dict[str, Any]:
        return {
            "name": row.name,
            "url": row.url or "",
            "transport": row.transport or "streamable_http",
            "headers": headers.covered(row.header_names or ()),
            "timeout_seconds": row.timeout_seconds or 20,
        }

    def is_ready(self, form: ItemForm) -> bool:
        return _headers_fit(form, ())

    def create(self, place: Place, client: HMSClient, typed: dict[str, Any]) -> str:
        made = client.mcp_servers.create(**{name: typed[name] for name in McpForm.base_fields if name != "seen"})
        return _("“%(name)s” is added at HMS. Test it, then let an assistant use it.") % {"name": made.name}

    def is_changeable(self, form: ItemForm, row: McpServer) -> bool:
        return _headers_fit(form, row.header_names or ())

    def update(self, place: Place, client: HMSClient, row: McpServer, typed: dict[str, Any]) -> None:
        now = self.initial(row)
        changed = self.changed({**typed, "headers": now["headers"]}, now)
        sent = headers.replacing(typed["headers"], row.header_names or ())
        if sent is not None:
            changed["headers"] = sent
        if changed:
            client.mcp_servers.update(row.id, **changed)

    def shown(self, place: Place, client: HMSClient, row: McpServer | None) -> dict[str, Any]:
        if row is None:
            return {}
        return {"test": Press(url=place.url("mcp_test", row.id), label=_("Test"), icon="plug-connected")}

    def test(self, place: Place, item_id: str) -> HttpResponse:
        """Let HMS connect, and show what it found there."""
        beside: dict[str, Any] = {}
        with place.hms() as client:
            row = self.get(client, item_id)
            try:
                beside = _found(client.mcp_servers.test(item_id))
            except HMSError as error:
                beside = {"test_refusal": refusals.explain(error, only_read=True).sentence}
            beside |= self.shown(place, client, row)
        return self.form_page(place, self.unbound(row), row, beside)

    def paths(self) -> list[URLPattern]:
        base, name = f"clients/<uuid:client_id>/organization/{self.key}/", f"organization_{self.key}"
        test = self.view(self.test, require_POST, changes=False)
        return [path(f"{base}<str:item_id>/test/", test, name=f"{name}_test"), *super().paths()]


def _headers_fit(form: ItemForm, stored: tuple[str, ...]) -> bool:
    try:
        headers.replacing(form.cleaned_data["headers"], stored)
    except headers.NotHeaders as error:
        form.add_error("headers", str(error))
        return False
    return True


def _found(test: McpTest) -> dict[str, Any]:
    tools = [plain(tool) for tool in test.tools or ()]
    named = [tool for tool in tools if isinstance(tool, dict) and isinstance(tool.get("name"), str)]
    words = ngettext("%(count)d tool found", "%(count)d tools found", len(named)) % {"count": len(named)}
    return {"tested": test, "tools": named, "tools_found": words}
