"""Why?: five questions with their causes, each with the button or the page that does something about it."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from agencies import remedies, why
from agencies.models import Agency
from agencies.why import Action, Answer, Cause, Question
from portal import wording
from portal.dashboard import setup
from portal.dashboard.audited import audited, tell
from portal.dashboard.roles import agency_of, manager_changes

# The question, its drawing, and what is said while nothing is in the way.
_QUESTIONS = {
    Question.ACTIVATION: (
        gettext_lazy("Why is my portal not on?"),
        "power",
        gettext_lazy("Your portal is on: everything that it needs is there."),
    ),
    Question.DOMAIN: (
        gettext_lazy("Why is my domain not verified?"),
        "world",
        gettext_lazy("Every domain of yours is proved and has its certificate."),
    ),
    Question.PAYMENTS: (
        gettext_lazy("Why is a payment not credited?"),
        "credit-card",
        gettext_lazy("Stripe reaches us, and everything that it told us is booked."),
    ),
    Question.DEDUCTING: (
        gettext_lazy("Why are a client's credits not deducted?"),
        "phone",
        gettext_lazy("Every client's calls are read and charged, and your minutes last."),
    ),
    Question.USERS: (
        gettext_lazy("Why is somebody not in my table of clients?"),
        "users",
        gettext_lazy("Everybody who began to sign up has finished, and is in the table."),
    ),
}
# The word on the button, its drawing, and where it leads: a page with `#` and a place on it, or what it presses.
_LINKS = {
    Action.OPEN_DOMAINS: (gettext_lazy("Add a domain"), "plus", "dashboard:address#own-domain"),
    Action.OPEN_WEBHOOK: (gettext_lazy("Set it up"), "webhook", "dashboard:payments#webhook"),
    Action.OPEN_ATTENTION: (gettext_lazy("Look at it"), "alert-triangle", "dashboard:attention"),
    Action.CONNECT_HMS: (gettext_lazy("Connect"), "plug-connected", "dashboard:hms"),
}
_PRESSES = {
    Action.SWITCH_ON: (gettext_lazy("Switch it on"), "power", "dashboard:switch"),
    Action.CHECK_DOMAIN: (gettext_lazy("Refresh status"), "refresh", "dashboard:domain_refresh"),
    Action.TEST_WEBHOOK: (gettext_lazy("Test the connection"), "refresh", "dashboard:payments_webhook_test"),
    Action.ASK_MINUTES: (gettext_lazy("Ask HMS again"), "refresh", "dashboard:hms_refresh"),
    Action.SET_UP_ORGANIZATION: (gettext_lazy("Try again now"), "refresh", "dashboard:organization_retry"),
    Action.TRY_EVENT: (gettext_lazy("Apply it now"), "refresh", ""),
    Action.ASK_STRIPE: (gettext_lazy("Ask Stripe now"), "refresh", ""),
    Action.LOOK_FOR_CALLS: (gettext_lazy("Read the calls now"), "refresh", ""),
    Action.CHECK_PARENTS: (gettext_lazy("Check again"), "refresh", ""),
    Action.LET_IN: (gettext_lazy("Let them in"), "user-check", ""),
}
_DONE = {
    Action.TRY_EVENT: gettext_lazy("We are applying it now. Look here again in a moment."),
    Action.ASK_STRIPE: gettext_lazy("We are asking Stripe now. Look here again in a moment."),
    Action.LOOK_FOR_CALLS: gettext_lazy("We are reading the calls now. Look here again in a moment."),
    Action.CHECK_PARENTS: gettext_lazy("We are asking HMS now. Look here again in a moment."),
    Action.LET_IN: gettext_lazy("Done. They are in your table of clients."),
}
_NEEDS_OWNER = (Action.SWITCH_ON, Action.TEST_WEBHOOK)
_ABOUT_PATH = {Action.CHECK_DOMAIN: int, Action.SET_UP_ORGANIZATION: str}


@dataclass(frozen=True, slots=True)
class Way:
    """What a cause's button does: a form that is posted to `href`, or a link there."""

    title: str
    reason: str
    label: str
    icon: str
    href: str
    is_press: bool
    needs_owner: bool
    subject: str


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The five questions, answered as it stands now."""
    agency = agency_of(request)
    shown = [_shown(answer, agency) for answer in why.answers(agency)]
    return render(request, "dashboard/why.html", {"shown": shown, "nav": "why"})


@require_POST
@manager_changes
@audited("remedy.pressed", tells=True)
def press(request: HttpRequest, action: str) -> HttpResponse:
    """Do something about one cause."""
    try:
        pressed = Action(action)
        about = remedies.press(action=pressed, subject=request.POST.get("subject", ""))
    except (ValueError, remedies.NothingToRemedy) as error:
        raise Http404 from error
    tell(request, pressed=str(_PRESSES[pressed][0]), about=about)
    messages.success(request, str(_DONE[pressed]))
    return redirect("dashboard:why", slug=agency_of(request).slug)


def _shown(answer: Answer, agency: Agency) -> dict[str, object]:
    title, icon, fine = _QUESTIONS[answer.question]
    return {
        "key": answer.question.value,
        "title": title,
        "icon": icon,
        "fine": fine,
        "facts": _facts(answer),
        "ways": [_way(cause, agency) for cause in answer.causes],
    }


def _facts(answer: Answer) -> str:
    """What is known of the matter at all, in one line."""
    seen = wording.moment(answer.seen_at) if answer.seen_at else ""
    said = {
        Question.ACTIVATION: _("Last switched on: %(when)s."),
        Question.DOMAIN: _("Last look at your records: %(when)s."),
        Question.PAYMENTS: _("Last message from Stripe: %(when)s."),
        Question.DEDUCTING: _("Calls last read: %(when)s."),
        Question.USERS: _("Last sign-up that was finished: %(when)s."),
    }[answer.question] % {"when": seen or _("not yet")}
    if answer.seconds_left is not None:
        said += " " + _("Minutes left at HMS: %(minutes)s.") % {"minutes": f"{answer.seconds_left // 60:,}"}
    return said


def _way(cause: Cause, agency: Agency) -> Way:
    label, icon, href, is_press = _leads(cause, agency)
    title = cause.title or setup.title_of(cause.subject)
    needs_owner = cause.action in _NEEDS_OWNER
    return Way(title, cause.reason, str(label), icon, href, is_press, needs_owner, cause.subject)


def _leads(cause: Cause, agency: Agency) -> tuple[object, str, str, bool]:
    if cause.action is Action.OPEN_FIELD:
        return _("Open"), "arrow-right", setup.place_of(cause.subject, agency), False
    if cause.action is Action.WRITE_TO:
        return _("Write to them"), "mail", f"mailto:{cause.subject}", False
    if cause.action is Action.OPEN_CLIENT:
        return _("Open the client"), "user", reverse("dashboard:client", args=[agency.slug, cause.subject]), False
    if cause.action in _LINKS:
        label, icon, to = _LINKS[cause.action]
        name, hash_, place = to.partition("#")
        return label, icon, reverse(name, args=[agency.slug]) + hash_ + place, False
    label, icon, name = _PRESSES[cause.action]
    if not name:
        return label, icon, reverse("dashboard:why_press", args=[agency.slug, cause.action.value]), True
    about = [_ABOUT_PATH[cause.action](cause.subject)] if cause.action in _ABOUT_PATH else []
    return label, icon, reverse(name, args=[agency.slug, *about]), True
