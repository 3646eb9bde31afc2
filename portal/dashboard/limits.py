"""What a client may use: the limits that its agency sets, and suspending it."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from calls import holds, obstacles
from clients import limits
from clients.limits import Limits
from clients.models import Client
from hms_client import HMSError
from leaving import one_client
from organizations import assistants, hms, suspension
from organizations.models import Organization
from portal.dashboard import facts
from portal.dashboard.audited import audited
from portal.dashboard.forms import refuse
from portal.dashboard.roles import actor_of, agency_of, manager_changes

# Fields of the form that are minutes, and what they are kept as.
_MINUTES = {"minutes_a_day": "seconds_a_day", "minutes_a_call": "seconds_a_call"}


class LimitsForm(forms.Form):
    """Limits as they are typed: a day and a call in minutes, the least in seconds. Empty: none, or what is usual."""

    calls_at_once = forms.IntegerField(
        label=gettext_lazy("Calls at once"), required=False, help_text=gettext_lazy("Empty: as many as credits allow.")
    )
    minutes_a_day = forms.IntegerField(label=gettext_lazy("Minutes a day"), required=False)
    minutes_a_call = forms.IntegerField(
        label=gettext_lazy("Longest call, in minutes"),
        required=False,
        help_text=gettext_lazy("Empty: 30. A call sets that much aside, or what is left."),
    )
    least_seconds = forms.IntegerField(
        label=gettext_lazy("Least to start, in seconds"),
        required=False,
        help_text=gettext_lazy("Empty: 30. With less than that on the balance no call starts."),
    )
    sentence = forms.CharField(
        label=gettext_lazy("What a caller hears when a call is not taken"),
        required=False,
        max_length=limits.LONGEST_SENTENCE,
        widget=forms.Textarea({"rows": 2}),
        help_text=gettext_lazy(
            "Empty: “We are sorry, we cannot take your call at the moment. Please try again later.”"
        ),
    )
    assistant_id = forms.ChoiceField(label=gettext_lazy("When credits have run out"), required=False)

    def __init__(self, known: Limits, choices: list[tuple[str, str]], typed: object = None) -> None:
        usual, said = Limits(), {name: getattr(known, name) for name in Limits.__slots__}
        initial = {name: value for name, value in said.items() if value != getattr(usual, name)}
        for shown, kept in _MINUTES.items():
            if kept in initial:
                initial[shown] = -(-initial[kept] // 60)
        super().__init__(typed, initial=initial)  # type: ignore[arg-type]
        self.fields["minutes_a_day"].help_text = _("Empty: none. A day is one of the time zone %(zone)s.") % {
            "zone": timezone.get_current_timezone_name()
        }
        self.fields["assistant_id"].choices = choices  # type: ignore[attr-defined]
        self.fields["assistant_id"].help_text = _(
            "An assistant can take the call for %(seconds)s seconds, to say so or to note a number. That is charged."
        ) % {"seconds": holds.GRACE_SECONDS}

    @property
    def limits(self) -> Limits:
        """What was typed, in seconds."""
        typed = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        for shown, kept in _MINUTES.items():
            if shown in typed:
                typed[kept] = typed.pop(shown) * 60
        if "sentence" in typed:
            typed["sentence"] = " ".join(typed["sentence"].split())
        return Limits(**typed)


@require_http_methods(["GET", "POST"])
@manager_changes
@audited("limits.changed", of=facts.limits, outside=True)
def page(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """The limits of one client, what is used of them, and a form to change them."""
    client = get_object_or_404(Client, pk=client_id)
    known = limits.read(client.limits)
    choices, is_away = _choices(client, known)
    form = LimitsForm(known, choices, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _saved(client, form):
        messages.success(request, _("Saved. They hold from the next call on."))
        return redirect("dashboard:client_limits", slug=agency_of(request).slug, client_id=client.pk)
    context = {
        "client": client,
        "form": form,
        "is_away": is_away,
        "known": known,
        "used_today": obstacles.used_today(client.pk),
        "running": obstacles.under_way(client.pk, timezone.now()).count(),
        "nav": "clients",
    }
    return render(request, "dashboard/limits.html", context)


@require_POST
@manager_changes
@audited("client.suspended", of=facts.standing)
def suspend(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Let the client call no more."""
    client = get_object_or_404(Client, pk=client_id)
    suspension.suspend(client_id=client.pk, actor=actor_of(request).as_json())
    messages.success(
        request, _("%(name)s is suspended. Its calls end and its assistants stop.") % {"name": client.name}
    )
    return redirect("dashboard:client", slug=agency_of(request).slug, client_id=client.pk)


@require_POST
@manager_changes
@audited("client.reactivated", of=facts.standing)
def reactivate(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """Let the client call again."""
    client = get_object_or_404(Client, pk=client_id)
    if one_client.is_erased(client):
        messages.error(request, _("Nobody is behind this client any more."))
        return redirect("dashboard:client", slug=agency_of(request).slug, client_id=client.pk)
    suspension.reactivate(client_id=client.pk, actor=actor_of(request).as_json())
    words = _("%(name)s is active again. The assistants that were on go on in a moment.")
    messages.success(request, words % {"name": client.name})
    return redirect("dashboard:client", slug=agency_of(request).slug, client_id=client.pk)


def _choices(client: Client, known: Limits) -> tuple[list[tuple[str, str]], bool]:
    """Who can answer when credits have run out, and whether HMS could not be asked: then what is chosen stays."""
    found = [("", _("The caller hears the sentence above"))]
    organization = Organization.objects.filter(client=client).first()
    is_away = False
    try:
        rows = assistants.in_use(organization) if organization is not None else ()
        found += [(row.id, row.name) for row in rows if row.is_active]
    except (HMSError, hms.NoKey):
        is_away = True
    if known.assistant_id and known.assistant_id not in dict(found):
        found.append((known.assistant_id, _("The assistant chosen before")))
    return found, is_away


def _saved(client: Client, form: LimitsForm) -> bool:
    try:
        limits.choose(client_id=client.pk, limits=form.limits)
    except limits.LimitRefused as error:
        shown = {kept: shown for shown, kept in _MINUTES.items()}
        refuse(form, shown.get(error.field, error.field), str(error))
        return False
    return True
