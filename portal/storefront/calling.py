"""Starting a call from the portal, and the assistants that can make one."""

from uuid import uuid4

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from agencies import call_terms
from calls import going_on, obstacles, placing
from clients.models import Client
from hms_client import HMSError
from organizations import assistants, hms
from organizations.models import Organization
from portal import money_words
from portal.storefront.access import agency_of, client_page

State = Organization.State


class CallForm(forms.Form):
    """Whom to call, and by which assistant and number where there is a choice."""

    assistant = forms.ChoiceField(label=gettext_lazy("Assistant"))
    number = forms.ChoiceField(label=gettext_lazy("Calls from"))
    destination = forms.CharField(
        label=gettext_lazy("Number to call"),
        max_length=40,
        help_text=gettext_lazy("With the country code, like +31 20 123 4567."),
        widget=forms.TextInput({"type": "tel", "inputmode": "tel", "autocomplete": "tel"}),
    )
    form_token = forms.UUIDField(widget=forms.HiddenInput)
    # The seconds that the call may take, as they stood in the question.
    agreed = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(
        self, data: object, *, able: list[assistants.Assistant], numbers: tuple[assistants.Number, ...]
    ) -> None:
        super().__init__(data, initial={"form_token": uuid4()})  # type: ignore[arg-type]
        self._offer("assistant", [(each.id, each.name) for each in able])
        self._offer("number", [(each.id, _named(each)) for each in numbers])

    def clean_destination(self) -> str:
        """The number in E.164."""
        try:
            return placing.check_destination(self.cleaned_data["destination"])
        except placing.NotANumber as error:
            raise forms.ValidationError(str(error)) from error

    @property
    def is_outdated(self) -> bool:
        """Whether something that the page said by itself, unseen, is not so any more."""
        return any(field.errors for field in self.hidden_fields())

    def refuse(self, refused: placing.CannotCall) -> None:
        """Put the refusal beside the field it is about. A token counts once: what is sent next is another call."""
        beside = {placing.UnknownAssistant: "assistant", placing.UnknownNumber: "number"}
        name = beside.get(type(refused))
        self.add_error(name if name in self.fields else None, str(refused))
        self.data = {**self.data.dict(), "form_token": str(uuid4())}  # type: ignore[attr-defined]

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        """A choice of one is no question. Without any number the provider takes one of its own."""
        self.fields[name].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.fields[name].widget = forms.HiddenInput()
            self.initial[name] = choices[0][0]
        elif not choices and name == "number":
            del self.fields[name]


@require_http_methods(["GET", "POST"])
@client_page
def start(request: HttpRequest) -> HttpResponse:
    """Ask for a number, then whether it may cost what it may; or say in a sentence why no call can be started now."""
    obstacle, able, numbers = able_to_call(request)
    form, question = CallForm(request.POST or None, able=able, numbers=numbers), None
    if request.method == "POST" and not obstacle:
        if form.is_valid() and "change" not in request.POST:
            question = _question(request, form, able, numbers)
            if question is None and (done := _place(request, form)):
                return done
        if form.is_outdated:
            messages.info(request, _("Something has changed meanwhile. Please look again; nothing was dialled."))
            return redirect("storefront:start_call")
    context = {
        "nav": "calls",
        "form": form,
        "question": question,
        "obstacle": obstacle,
        "why": why_not(request, obstacle),
        "able": able,
        "numbers": numbers,
        "costs_at_most": costs_at_most(request, able),
    }
    return render(request, "storefront/start_call.html", context)


@require_GET
@client_page
def listing(request: HttpRequest) -> HttpResponse:
    """The client's assistants: name, voice, first words. They are looked after by the agency."""
    organization = _organization(request)
    in_setup = organization is None or organization.state in (State.WANTED, State.REQUESTED)
    rows: tuple[assistants.Assistant, ...] = ()
    is_away = False
    if organization is not None and not in_setup:
        try:
            rows = assistants.in_use(organization)
        except (HMSError, hms.NoKey):
            is_away = True
    context = {"nav": "assistants", "assistants": rows, "in_setup": in_setup, "is_away": is_away}
    return render(request, "storefront/assistants.html", context)


def _question(
    request: HttpRequest,
    form: CallForm,
    able: list[assistants.Assistant],
    numbers: tuple[assistants.Number, ...],
) -> dict[str, object] | None:
    """Who would be called by whom and for how much at most; None once that, or more, was agreed to."""
    said = form.cleaned_data
    by = next(each for each in able if each.id == said["assistant"])
    at_most = costs_at_most(request, [by])
    if said["agreed"] is not None and said["agreed"] >= at_most:
        return None
    return {
        "to": said["destination"],
        "assistant": by.name,
        "number": next((_named(each) for each in numbers if each.id == said.get("number")), ""),
        "at_most": at_most,
        "is_dearer": said["agreed"] is not None,
    }


def _place(request: HttpRequest, form: CallForm) -> HttpResponse | None:
    """Place the call and go where it can be watched; None with the reason in the form when it was refused."""
    said = form.cleaned_data
    try:
        placing.start(
            client_id=request.client.pk,  # type: ignore[attr-defined]
            assistant_id=said["assistant"],
            number_id=said.get("number") or None,
            destination=said["destination"],
            actor=request.actor.as_json(),  # type: ignore[attr-defined]
            form_token=said["form_token"],
            rounding=call_terms.rounding(agency_of(request).pk),
        )
    except (placing.PlacedAlready, placing.AnswerLost) as unsure:
        messages.info(request, str(unsure))
        return redirect("storefront:calls")
    except placing.CannotCall as refused:
        form.refuse(refused)
        return None
    messages.success(request, _("Calling now. The time is taken off your balance when the call ends."))
    return redirect("storefront:home")


def able_to_call(request: HttpRequest) -> tuple[str, list[assistants.Assistant], tuple[assistants.Number, ...]]:
    """What stands in the way of a call ("" for nothing), and what it could be made with."""
    organization = _organization(request)
    if request.client.state == Client.State.SUSPENDED or (organization and organization.state == State.SUSPENDED):  # type: ignore[attr-defined]
        return "suspended", [], ()
    if organization is None or organization.state != State.READY:
        return ("unclear" if organization and organization.state == State.UNCLEAR else "setup"), [], ()
    why = obstacles.obstacle(request.wallet)  # type: ignore[attr-defined]
    if why is not None:
        return why.value, [], ()
    try:
        able = [each for each in assistants.in_use(organization) if each.is_active]
        return ("" if able else "assistants"), able, assistants.numbers(organization)
    except (HMSError, hms.NoKey):
        return "away", [], ()


def why_not(request: HttpRequest, obstacle: str) -> money_words.Why | None:
    """The words for an obstacle that is about money."""
    if obstacle not in list(obstacles.Obstacle):
        return None
    name = agency_of(request).branding.company_name
    return money_words.why_for_client(obstacles.Obstacle(obstacle), request.wallet, agency_name=name)  # type: ignore[attr-defined]


def costs_at_most(request: HttpRequest, able: list[assistants.Assistant]) -> int:
    """The most seconds that a call of one of these assistants could take now."""
    wallet = request.wallet  # type: ignore[attr-defined]
    return max(
        (going_on.costs_at_most(wallet, assistant_maximum=each.max_duration_seconds) for each in able), default=0
    )


def _organization(request: HttpRequest) -> Organization | None:
    return Organization.objects.filter(client_id=request.client.pk).first()  # type: ignore[attr-defined]


def _named(number: assistants.Number) -> str:
    return f"{number.phone_number} · {number.name}" if number.name else number.phone_number
