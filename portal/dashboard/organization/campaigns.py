"""Campaigns of a client's organization: made with their leads, started when what is available covers them, paused."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from calls import campaign_pauses, campaign_starts
from hms_client import Campaign, Forbidden, HMSClient, HMSError, NotFound
from organizations import leads, refusals
from organizations.refusals import Refusal
from portal import money_words
from portal.dashboard.organization.fields import long_text, text
from portal.dashboard.organization.item_form import Choices, ItemForm
from portal.dashboard.organization.lead_forms import LeadsForm
from portal.dashboard.organization.place import Place
from portal.dashboard.organization.resource import Line, Press, Resource
from portal.templatetags.figures import masked_phone

_STATES = {
    "draft": ("neutral", gettext_lazy("Draft")),
    "scheduled": ("in", gettext_lazy("Running")),
    "paused": ("warn", gettext_lazy("Paused")),
    "completed": ("neutral", gettext_lazy("Completed")),
    "cancelled": ("neutral", gettext_lazy("Cancelled")),
}
_LEAD_STATES = {
    "pending": ("neutral", gettext_lazy("Waits")),
    "calling": ("live", gettext_lazy("Is being called")),
    "completed": ("in", gettext_lazy("Reached")),
    "failed": ("wrong", gettext_lazy("Failed")),
    "skipped": ("neutral", gettext_lazy("Skipped")),
}
_MOST_SHOWN = 100


def _clock(label: Any, initial: str) -> forms.RegexField:
    widget = forms.TextInput({"type": "time"})
    return forms.RegexField(r"\A([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?\Z", label=label, initial=initial, widget=widget)


class CampaignForm(ItemForm):
    """When a campaign rings, and what it says."""

    names = {
        "name": "name",
        "schedule_start_time": "schedule_start_time",
        "schedule_end_time": "schedule_end_time",
        "timezone": "timezone",
        "system_message_template": "system_message_template",
    }

    name = text(gettext_lazy("Name"), most=100, required=True)
    schedule_start_time = _clock(gettext_lazy("Rings from"), "09:00:00")
    schedule_end_time = _clock(gettext_lazy("Until"), "17:00:00")
    timezone = forms.CharField(
        label=gettext_lazy("Time zone"),
        max_length=60,
        initial=settings.TIME_ZONE,
        help_text=gettext_lazy("Such as Europe/Amsterdam."),
    )
    system_message_template = long_text(
        gettext_lazy("What the assistant knows about each lead"),
        gettext_lazy("Values of a lead's line stand in it as {{name}}."),
        most=10_000,
        rows=4,
    )

    def clean_timezone(self) -> str:
        """A name that clocks know."""
        name = str(self.cleaned_data["timezone"])
        if name not in available_timezones():
            raise forms.ValidationError(_("No clock knows this. Write a name such as Europe/Amsterdam."))
        return name

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        for name in ("schedule_start_time", "schedule_end_time"):
            if len(typed.get(name, "")) == len("09:00"):
                typed[name] += ":00"
        begins, ends = typed.get("schedule_start_time"), typed.get("schedule_end_time")
        if begins and ends and begins >= ends:
            self.add_error("schedule_end_time", _("This must be later than the time it rings from."))
        return typed


class NewCampaignForm(LeadsForm, CampaignForm):
    """A campaign with the leads it begins with."""

    most = leads.MOST
    names = {**CampaignForm.names, **LeadsForm.names, "agent_id": "assistant_id", "Assistant": "assistant_id"}
    field_order = ("name", "assistant_id", "schedule_start_time", "schedule_end_time", "timezone")

    assistant_id = forms.ChoiceField(label=gettext_lazy("Assistant"))


class Campaigns(Resource[Campaign]):
    key, icon = "campaigns", "speakerphone"
    title, new_title = gettext_lazy("Campaigns"), gettext_lazy("New campaign")
    lead = gettext_lazy("An assistant rings a list of people, one after the other.")
    empty = gettext_lazy("Bring a list of numbers; the campaign starts only when the client's credits cover it.")
    add = gettext_lazy("New campaign")
    form_class, edit_form_class = NewCampaignForm, CampaignForm
    form_template = "campaign.html"

    def collection(self, client: HMSClient) -> Any:
        return client.campaigns

    def line(self, place: Place, row: Campaign) -> Line:
        done, failed = row.completed_leads or 0, row.failed_leads or 0
        said = _("%(done)d of %(all)d leads reached, %(failed)d failed") % {
            "done": done,
            "all": row.total_leads or 0,
            "failed": failed,
        }
        return Line(
            icon=self.icon,
            title=row.name,
            meta=said,
            href=place.url("campaigns_item", row.id),
            badges=[_state(row), *_paused_by_us(place, row)],
            presses=[*self._presses(place, row), self.remove_press(place, row.id, row.name)],
        )

    def initial(self, row: Campaign) -> dict[str, Any]:
        return {name: getattr(row, name) or "" for name in CampaignForm.names}

    def choices(self, client: HMSClient, row: Campaign | None) -> Choices:
        if row is not None:
            return {}
        found = [(row.id, row.name) for row in client.assistants.list() if row.is_active is not False]
        return {"assistant_id": sorted(found, key=lambda one: one[1].casefold())}

    def is_ready(self, form: ItemForm) -> bool:
        return not isinstance(form, LeadsForm) or form.is_looked_at()

    def create(self, place: Place, client: HMSClient, typed: dict[str, Any]) -> str:
        reading = leads.read(
            typed["leads_file"] or typed["leads_text"], template=typed["system_message_template"], most=leads.MOST
        )
        fields = {name: typed[name] for name in (*CampaignForm.names, "assistant_id") if typed[name]}
        people = [{"phone_number": each.phone_number, "variables": each.variables} for each in reading.leads]
        self.collection(client).create(**fields, leads=people)
        return _("“%(name)s” is made with %(count)d leads. It rings nobody before it is started.") % {
            "name": typed["name"],
            "count": len(people),
        }

    def update(self, place: Place, client: HMSClient, row: Campaign, typed: dict[str, Any]) -> None:
        changed = self.changed(typed, self.initial(row))
        if changed:
            client.campaigns.update(row.id, **changed)

    def shown(self, place: Place, client: HMSClient, row: Campaign | None) -> dict[str, Any]:
        if row is None:
            return {}
        found = client.campaigns.list_leads(row.id)
        need = campaign_starts.needed(
            place.organization, leads=campaign_starts.left_to_ring(found), longest=_longest(client, row)
        )
        lines = [
            Line(icon="user", title=masked_phone(each.phone_number), badges=[_lead_state(each.status)])
            for each in found[:_MOST_SHOWN]
        ]
        return {
            "state": _state(row),
            "why_paused": money_words.why_paused(campaign_pauses.why_paused(place.organization, row.id)),
            "need": need,
            "presses": self._presses(place, row),
            "leads": lines,
            "more_leads": max(0, len(found) - len(lines)),
            "leads_url": place.url("campaigns_leads", row.id) if row.status != "completed" else "",
            "is_frozen": row.status == "completed",
        }

    def start(self, place: Place, item_id: str) -> HttpResponse:
        """Let a campaign run, if the client's credits cover it."""

        def do() -> None:
            with place.hms() as client:
                campaign_starts.start(place.organization, client, item_id)

        try:
            return self.pressed(place, do, _("The campaign runs."))
        except campaign_starts.CannotStart as error:
            return self.refused_page(place, Refusal(sentence=str(error)))

    def pause(self, place: Place, item_id: str) -> HttpResponse:
        """Let a campaign ring nobody more for now."""

        def do() -> None:
            with place.hms() as client:
                client.campaigns.update(item_id, status="paused")
            campaign_pauses.stopped(place.organization.pk, item_id)

        return self.pressed(place, do, _("The campaign is paused. A call that runs goes on to its end."))

    def add_leads(self, place: Place, item_id: str) -> HttpResponse:
        """More people for a campaign, one request each: as many as HMS takes, the rest stays on the page."""
        request = place.request
        with place.hms() as client:
            row = self.get(client, item_id)
            form = LeadsForm(request.POST or None, request.FILES or None)
            form.template = row.system_message_template or ""
            form.known = frozenset(each.phone_number for each in client.campaigns.list_leads(item_id))
            looked_at = request.method == "POST" and form.is_valid() and form.is_looked_at()
            if looked_at and _added(place, client, row, form):
                return place.go("campaigns_item", item_id)
        context = {"noun": self, "form": form, "row": row, "name": row.name, "may_change": place.may(self.role)}
        context["list_url"] = place.url("campaigns_item", item_id)
        return place.show("leads.html", self.key, context)

    def paths(self) -> list[URLPattern]:
        base = "clients/<uuid:client_id>/organization/campaigns/<str:item_id>/"
        form = require_http_methods(["GET", "POST"])
        return [
            *super().paths(),
            path(f"{base}start/", self.view(self.start, require_POST), name="organization_campaigns_start"),
            path(f"{base}pause/", self.view(self.pause, require_POST), name="organization_campaigns_pause"),
            path(f"{base}leads/", self.view(self.add_leads, form), name="organization_campaigns_leads"),
        ]

    def _presses(self, place: Place, row: Campaign) -> list[Press]:
        if row.status == "scheduled":
            return [Press(url=place.url("campaigns_pause", row.id), label=_("Pause"), icon="player-pause")]
        if row.status not in ("draft", "paused"):
            return []
        return [
            Press(
                url=place.url("campaigns_start", row.id),
                label=_("Resume") if row.status == "paused" else _("Start"),
                icon="player-play",
                question=_(
                    "HMS rings the leads of “%(name)s” from %(start)s to %(end)s, each call on the client's credits."
                )
                % {"name": row.name, "start": _hour(row.schedule_start_time), "end": _hour(row.schedule_end_time)},
            )
        ]


def _paused_by_us(place: Place, row: Campaign) -> list[tuple[str, Any]]:
    is_ours = row.status == "paused" and campaign_pauses.why_paused(place.organization, row.id)
    return [("neutral", _("goes on by itself"))] if is_ours else []


def _added(place: Place, client: HMSClient, row: Campaign, form: LeadsForm) -> bool:
    """Whether all leads of the form were added. What was not stays in the form, with the reason."""
    reading = form.reading
    if reading is None or not reading.leads:
        return False
    for at, lead in enumerate(reading.leads):
        try:
            client.campaigns.add_lead(row.id, phone_number=lead.phone_number, variables=dict(lead.variables))
        except HMSError as error:
            left = reading.leads[at + 1 if error.outcome_unknown else at :]
            form.put(leads_text="\n".join([reading.heading, *(each.written for each in left)]), previewed="")
            form.show_refusal(refusals.explain(error, form.names))
            if at:
                messages.info(place.request, _("%(count)d leads were added before that.") % {"count": at})
            return False
    messages.success(place.request, _("%(count)d leads are added.") % {"count": len(reading.leads)})
    return True


def _longest(client: HMSClient, row: Campaign) -> int | None:
    try:
        return client.assistants.get(row.assistant_id).max_duration_seconds if row.assistant_id else None
    except (NotFound, Forbidden):
        return None


def _hour(clock: str | None) -> str:
    return (clock or "?")[:5]


def _state(row: Campaign) -> tuple[str, str]:
    tone, words = _STATES.get(row.status or "", ("neutral", row.status or "?"))
    return tone, str(words)


def _lead_state(status: str | None) -> tuple[str, str]:
    tone, words = _LEAD_STATES.get(status or "pending", ("neutral", status or ""))
    return tone, str(words)
