"""Assistants of a client's organization: their list, one of them in all its settings, and connecting one to us."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from hms_client import Assistant, HMSClient, HMSError
from organizations import assistant_settings, attachments, custom_tools, reporting, template_assistant
from portal.dashboard.organization.fields import flag, long_text, providers, text
from portal.dashboard.organization.item_form import ItemForm
from portal.dashboard.organization.place import Place
from portal.dashboard.organization.resource import Line, Press, Resource
from portal.templatetags.figures import minutes_seconds

_DOT = " · "


class AssistantForm(ItemForm):
    names = assistant_settings.NAMES

    name = text(gettext_lazy("Name"), most=100, required=True)
    business_name = text(gettext_lazy("Business"), gettext_lazy("Whom it speaks for."))
    is_active = flag(gettext_lazy("Active: takes and makes calls"), initial=True)
    first_message = long_text(
        gettext_lazy("First message"), gettext_lazy("What callers hear first."), most=1000, rows=2
    )
    system_prompt = long_text(
        gettext_lazy("System prompt"),
        gettext_lazy("Who it is, what it is to do, and what it must never do."),
        most=20_000,
        rows=10,
    )
    model_provider = forms.ChoiceField(
        label=gettext_lazy("Model by"),
        choices=providers(*assistant_settings.WRITTEN_MODELS, *assistant_settings.SPEAKING_MODELS),
        required=False,
        help_text=gettext_lazy("Realtime and Live models hear and speak by themselves."),
    )
    model = text(gettext_lazy("Model"), gettext_lazy("As its provider calls it."), most=100)
    voice_provider = forms.ChoiceField(
        label=gettext_lazy("Voice by"), choices=providers(*assistant_settings.VOICES), required=False
    )
    voice = text(gettext_lazy("Voice"), gettext_lazy("Its id: see Voices."), most=100)
    hearing_provider = forms.ChoiceField(
        label=gettext_lazy("Hearing by"), choices=providers(*assistant_settings.HEARING), required=False
    )
    hearing_model = text(gettext_lazy("Hearing model"), most=100)
    language = text(gettext_lazy("Language"), gettext_lazy("Such as nl, en or de."), most=20)
    autonomous_silence_handling = flag(gettext_lazy("Let the model decide what to say when nobody speaks"))
    silence_timeout_seconds = forms.IntegerField(
        label=gettext_lazy("Longest silence"), min_value=1, max_value=600, required=False
    )
    max_duration_seconds = forms.IntegerField(
        label=gettext_lazy("Longest call"),
        min_value=1,
        max_value=assistant_settings.MOST_SECONDS,
        required=False,
        initial=1800,
    )
    voicemail_detection = flag(gettext_lazy("Notice answering machines"))
    voicemail_message = text(gettext_lazy("What to leave on them"), most=1000)
    consent_enabled = flag(
        gettext_lazy("Ask for consent to record"), gettext_lazy("Callers press 1 to agree, before anything else.")
    )
    consent_message = long_text(gettext_lazy("How it asks"), most=1000, rows=2)
    gdpr_mode = flag(
        gettext_lazy("Privacy mode"),
        gettext_lazy("No transcript, summary or recording is shown, here or to the client."),
    )

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if typed.get("consent_enabled") and not typed.get("consent_message"):
            self.add_error("consent_message", _("Write what callers hear before they press 1."))
        return typed


class Assistants(Resource[Assistant]):
    key, icon = "assistants", "robot"
    title, new_title = gettext_lazy("Assistants"), gettext_lazy("New assistant")
    lead = gettext_lazy("The voices that take and make this client's calls.")
    empty = gettext_lazy("An assistant has a first sentence, a voice and a task, such as taking bookings.")
    add = gettext_lazy("New assistant")
    form_class = AssistantForm
    form_template = "assistant.html"

    def collection(self, client: HMSClient) -> Any:
        return client.assistants

    def line(self, place: Place, row: Assistant) -> Line:
        ours = row.webhook_url is not None and row.webhook_url == reporting.address(place.organization.pk)
        longest = row.max_duration_seconds
        up_to = _("calls up to %(time)s") % {"time": minutes_seconds(longest)} if longest else ""
        presses = [] if ours else [self._connect_press(place, row)]
        return Line(
            icon=self.icon,
            title=row.name,
            meta=_DOT.join(filter(None, [row.first_message or "", up_to])),
            href=place.url("assistants_item", row.id),
            badges=[_activity(row), *([] if ours else [("warn", _("Not connected"))])],
            presses=[*presses, self.remove_press(place, row.id, row.name)],
        )

    def initial(self, row: Assistant) -> dict[str, Any]:
        return assistant_settings.read(row)

    def create(self, place: Place, client: HMSClient, typed: dict[str, Any]) -> str:
        fields = assistant_settings.changes(None, typed)
        consent = fields.pop("recording_consent", None)
        # With consent to be asked for, it does not answer before it asks.
        active = typed["is_active"]
        first = {**fields, **reporting.to_us(place.organization.pk), "is_active": active and not consent}
        made = client.assistants.create(**first)
        reporting.forget(place.organization)
        if consent:
            try:
                client.assistants.update(made.id, recording_consent=consent, is_active=active)
            except HMSError:
                return _("“%(name)s” is made, but HMS has not taken the question for consent, so it is off.") % typed
        return _("“%(name)s” is made at HMS, and reports here.") % typed

    def update(self, place: Place, client: HMSClient, row: Assistant, typed: dict[str, Any]) -> None:
        changed = assistant_settings.changes(row, typed)
        if changed:
            client.assistants.update(row.id, **changed)
            reporting.forget(place.organization)

    def delete(self, place: Place, client: HMSClient, item_id: str) -> None:
        super().delete(place, client, item_id)
        reporting.forget(place.organization)

    def shown(self, place: Place, client: HMSClient, row: Assistant | None) -> dict[str, Any]:
        if row is None:
            return {}
        ours = row.webhook_url is not None and row.webhook_url == reporting.address(place.organization.pk)
        template = Press(
            url=place.url("assistants_template", row.id),
            label=_("Use as template"),
            icon="copy",
            question=_("A copy of “%(name)s” is kept in your own organization, and new clients begin with it.")
            % {"name": row.name},
        )
        return {
            "template": template,
            "is_connected": ours,
            "used_tools": _used(place, row),
            "connect": self._connect_press(place, row),
            "onward": reporting.onward(place.organization, row.id) if ours else None,
        }

    def connect(self, place: Place, item_id: str) -> HttpResponse:
        """Let an assistant that was made elsewhere report here."""

        def do() -> None:
            reporting.connect(place.organization, item_id)

        there = place.url("assistants_item", item_id)
        return self.pressed(place, do, _("Connected. Its calls show as soon as they end."), then=there)

    def from_template(self, place: Place) -> HttpResponse:
        """Make a copy of the agency's template here."""

        def do() -> None:
            with place.hms() as client:
                template_assistant.copy_for(place.organization, client)

        return self.pressed(place, do, _("A copy of your template is made. Change what is different for this client."))

    def as_template(self, place: Place, item_id: str) -> HttpResponse:
        """Let new clients begin with a copy of this assistant."""

        def do() -> None:
            template_assistant.publish(place.organization, item_id)

        return self.pressed(place, do, _("New clients begin with a copy of it. It is kept in your own organization."))

    def paths(self) -> list[URLPattern]:
        base, name = "clients/<uuid:client_id>/organization/assistants/", "organization_assistants"
        return [
            # Before the address of one assistant, which could be called anything.
            path(f"{base}from-template/", self.view(self.from_template, require_POST), name=f"{name}_from_template"),
            *super().paths(),
            path(f"{base}<str:item_id>/connect/", self.view(self.connect, require_POST), name=f"{name}_connect"),
            path(f"{base}<str:item_id>/template/", self.view(self.as_template, require_POST), name=f"{name}_template"),
        ]

    def list_presses(self, place: Place) -> list[Press]:
        if not template_assistant.chosen():
            return []
        return [Press(url=place.url("assistants_from_template"), label=_("From your template"), icon="copy")]

    def _connect_press(self, place: Place, row: Assistant) -> Press:
        kept = ""
        if row.webhook_url and reporting.would_be_adopted(place.organization, row):
            kept = _("Where it reports now becomes this client's webhook, so nothing is missed there.")
        elif row.webhook_url:
            kept = _("Where it reports now hears nothing more: this client's webhook leads elsewhere.")
        words = _("HMS then reports the calls of “%(name)s” here at once.") % {"name": row.name}
        return Press(
            url=place.url("assistants_connect", row.id),
            label=_("Connect"),
            icon="plug-connected",
            question=f"{words} {kept}".strip(),
        )


def _used(place: Place, row: Assistant) -> list[str]:
    """What it may use, in words: custom tools by name, and how many tools of MCP servers."""
    attached = attachments.read(row)
    known = {tool.name for tool in custom_tools.all_of(place.organization)}
    count = sum(len(use.allowed) for use in attached.servers.values())
    of_servers = ngettext("%(count)d tool of an MCP server", "%(count)d tools of MCP servers", count)
    return [*(name for name in attached.names if name in known), *([of_servers % {"count": count}] if count else [])]


def _activity(row: Assistant) -> tuple[str, str]:
    return ("in", _("Active")) if row.is_active is not False else ("neutral", _("Off"))
