"""Set-up: the checklist, and the switch that lets clients in."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from agencies import activation
from agencies.activation import Requirement, State
from agencies.models import Agency
from portal.dashboard import facts
from portal.dashboard.audited import audited
from portal.dashboard.roles import agency_of, owner_changes

# Where each line leads (with the field on that page), its title, its drawing, and the word on its button.
_LINES = {
    "company_name": ("dashboard:brand", gettext_lazy("Company name"), "building", gettext_lazy("Add")),
    "logo": ("dashboard:brand_pictures", gettext_lazy("Logo"), "photo", gettext_lazy("Add")),
    "address": ("dashboard:address", gettext_lazy("Portal address"), "world", gettext_lazy("Show")),
    "hms_key": ("dashboard:hms", gettext_lazy("HMS key"), "plug-connected", gettext_lazy("Connect")),
    "publishable_key": (
        "dashboard:payments#id_publishable_key",
        gettext_lazy("Stripe publishable key"),
        "key",
        gettext_lazy("Add"),
    ),
    "secret_key": ("dashboard:payments#id_secret_key", gettext_lazy("Stripe secret key"), "lock", gettext_lazy("Add")),
    "webhook_secret": (
        "dashboard:payments#webhook",
        gettext_lazy("Stripe webhook secret"),
        "webhook",
        gettext_lazy("Set up"),
    ),
    "package": ("dashboard:packages", gettext_lazy("Package"), "package", gettext_lazy("Create")),
    "price": ("dashboard:payments#price", gettext_lazy("Stripe product and price"), "tag", gettext_lazy("Add")),
    "connection": (
        "dashboard:payments#webhook",
        gettext_lazy("Messages from Stripe"),
        "plug-connected",
        gettext_lazy("Test"),
    ),
    "domain": ("dashboard:address#own-domain", gettext_lazy("Own domain"), "world-www", gettext_lazy("Add")),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is shown."""

    requirement: Requirement
    title: str
    icon: str
    href: str
    action: str
    is_red: bool

    @property
    def button(self) -> str:
        """How loud the button is: what is done needs none to be seen."""
        return "quiet" if self.requirement.state is State.DONE else "plain"

    @property
    def state(self) -> str:
        """What the component calls it. A missing line turns red when the switch was tried."""
        return State.WRONG.value if self.is_red else self.requirement.state.value

    @property
    def recommended(self) -> bool:
        """Whether the portal works without it."""
        return not self.requirement.is_required

    @property
    def reason(self) -> str:
        return self.requirement.reason if self.is_red else ""

    @property
    def text(self) -> str:
        return self.requirement.shown or ("" if self.is_red else self.requirement.reason)


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The first page: what is still to do, or how it goes."""
    agency = agency_of(request)
    return redirect("dashboard:overview" if agency.portal_is_on else "dashboard:setup", slug=agency.slug)


@require_GET
def checklist(request: HttpRequest) -> HttpResponse:
    """What is done, missing or wrong, and where to do it."""
    return _page(request, activation.requirements(agency_of(request)))


@require_POST
@owner_changes
@audited("portal.switched", of=facts.agency)
def switch(request: HttpRequest) -> HttpResponse:
    """Switch the portal on, or off. Refused while something is missing, with the lines in red."""
    agency = agency_of(request)
    if request.POST.get("portal") == "off":
        activation.switch_off(agency)
        messages.success(request, _("Your portal is off. What your clients have paid for stays theirs."))
        return redirect("dashboard:setup", slug=agency.slug)
    try:
        activation.switch_on(agency)
    except activation.AgencyCloses:
        messages.error(request, _("You have closed this agency. Take that back first, then switch the portal on."))
        return redirect("dashboard:leaving", slug=agency.slug)
    except activation.PortalIncomplete as error:
        return _page(request, activation.requirements(agency), refused=error.missing)
    messages.success(request, _("Your portal is on. Send your clients its address."))
    return redirect("dashboard:setup", slug=agency.slug)


def title_of(key: str) -> str:
    """What a requirement is called."""
    return str(_LINES[key][1])


def place_of(key: str, agency: Agency) -> str:
    """The page, with the place on it, where a requirement is met."""
    name, hash_, place = _LINES[key][0].partition("#")
    return reverse(name, args=[agency.slug]) + hash_ + place


def _page(
    request: HttpRequest, requirements: list[Requirement], refused: list[Requirement] | None = None
) -> HttpResponse:
    agency, red = agency_of(request), {requirement.key for requirement in refused or []}
    required = [requirement for requirement in requirements if requirement.is_required]
    context = {
        "lines": [_line(agency, requirement, red) for requirement in requirements],
        "refused": [_LINES[requirement.key][1] for requirement in refused or []],
        "done": sum(not requirement.stops for requirement in required),
        "total": len(required),
        "nav": "setup",
    }
    return render(request, "dashboard/setup.html", context, status=409 if refused else 200)


def _line(agency: Agency, requirement: Requirement, red: set[str]) -> Line:
    _to, title, icon, action = _LINES[requirement.key]
    is_red = requirement.key in red or requirement.state is State.WRONG
    if requirement.state is State.DONE and requirement.key not in ("address", "connection"):
        action = gettext_lazy("Change")
    elif requirement.state is State.WRONG:
        action = gettext_lazy("Fix")
    elif requirement.state is State.WAITING and requirement.key == "domain":
        action = gettext_lazy("Show")
    return Line(requirement, str(title), icon, place_of(requirement.key, agency), str(action), is_red)
