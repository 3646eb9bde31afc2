"""Inside a client's organization: whose it is, where one can go, and what is said when HMS does not play along."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from agencies import team
from agencies.models import Membership
from clients.models import Client
from hms_client import Forbidden, HMSClient, HMSError, NotFound
from organizations import hms, refusals
from organizations.models import Organization
from portal.dashboard.roles import actor_of, agency_of

if TYPE_CHECKING:
    from portal.dashboard.organization.fields import Words

View = Callable[..., HttpResponse]
# A select is a list to choose from, not a search: beyond this, the table of clients is the better way.
_MOST_LISTED = 100
# The sections by what they are for, in the order of the tabs: key and name.
AREAS = (
    (
        gettext_lazy("Assistants"),
        (
            ("assistants", gettext_lazy("Assistants")),
            ("voices", gettext_lazy("Voices")),
            ("tools", gettext_lazy("Tool templates")),
            ("analyses", gettext_lazy("Analyses")),
        ),
    ),
    (
        gettext_lazy("Calling"),
        (
            ("numbers", gettext_lazy("Numbers")),
            ("campaigns", gettext_lazy("Campaigns")),
            ("trunks", gettext_lazy("SIP trunks")),
        ),
    ),
    (gettext_lazy("Knowledge"), (("knowledge", gettext_lazy("Knowledge")),)),
    (
        gettext_lazy("Integrations"),
        (
            ("integrations", gettext_lazy("Custom tools")),
            ("mcp", gettext_lazy("MCP servers")),
            ("workflows", gettext_lazy("Workflows")),
        ),
    ),
    (
        gettext_lazy("Settings"),
        (("providers", gettext_lazy("Provider keys")), ("retention", gettext_lazy("Retention"))),
    ),
)
_FIRST = "assistants"


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the tabs: where it leads, and whether one is there."""

    label: "Words"
    href: str
    is_now: bool


@dataclass(frozen=True, slots=True)
class Place:
    """The organization that somebody of the agency has entered."""

    request: HttpRequest
    organization: Organization

    @property
    def client(self) -> Client:
        found: Client = self.organization.client
        return found

    def hms(self) -> HMSClient:
        """A client of HMS's API with this organization's key. Raises hms.NoKey."""
        return hms.for_organization(self.organization)

    def url(self, name: str, *ids: object) -> str:
        """The address of one of the pages inside."""
        return reverse(f"dashboard:organization_{name}", args=[agency_of(self.request).slug, self.client.pk, *ids])

    def may(self, role: Membership.Role) -> bool:
        """Whether whoever is here may do what needs this role."""
        return team.may(actor_of(self.request).role, role)

    def show(self, template: str, section: str, context: dict[str, Any]) -> HttpResponse:
        """A page inside, in its frame."""
        frame = {"place": self, "client": self.client, "section": section, "others": _others(), **self._tabs(section)}
        return render(self.request, f"dashboard/organization/{template}", {**frame, **context, "nav": "clients"})

    def _tabs(self, section: str) -> dict[str, list[Tab]]:
        """A tab for each area, and one for each section of the area that one is in, if it has several."""
        areas, inside = [], []
        for name, sections in AREAS:
            is_here = section in dict(sections)
            areas.append(Tab(name, self.url(sections[0][0]), is_here))
            if is_here and len(sections) > 1:
                inside = [Tab(label, self.url(key), key == section) for key, label in sections]
        return {"areas": areas, "inside": inside}

    def go(self, name: str, *ids: object) -> HttpResponse:
        """On to another page inside."""
        return redirect(self.url(name, *ids))


def enters(section: str) -> Callable[[View], View]:
    """Let a view be called with a Place. Without a key there is a page that says so; when HMS fails, one says why.

    Something that HMS does not have, or has for somebody else, is a page that does not exist.
    """

    def wrapper(view: View) -> View:
        @wraps(view)
        def entered(request: HttpRequest, client_id: UUID, **ids: Any) -> HttpResponse:
            client = get_object_or_404(Client, pk=client_id)
            found = Organization.objects.select_related("client").filter(client=client).first()
            if found is None or found.api_key_sealed is None:
                context = {"client": client, "organization": found, "nav": "clients"}
                return render(request, "dashboard/organization/not_ready.html", context)
            place = Place(request, found)
            try:
                return view(place, **ids)
            except (NotFound, Forbidden) as error:
                raise Http404(_("HMS does not have this.")) from error
            except (HMSError, hms.NoKey) as error:
                return place.show("away.html", section, {"refusal": refusals.explain(error, only_read=True)})

        return entered

    return wrapper


@require_GET
def switch(request: HttpRequest) -> HttpResponse:
    """Go to the same section of another client's organization."""
    slug, to, section = agency_of(request).slug, request.GET.get("client", ""), request.GET.get("section", "")
    known = {key for _name, sections in AREAS for key, _label in sections}
    try:
        client = get_object_or_404(Client, pk=UUID(to))
    except ValueError:
        return redirect("dashboard:clients", slug=slug)
    name = section if section in known else _FIRST
    return redirect(reverse(f"dashboard:organization_{name}", args=[slug, client.pk]))


def _others() -> list[Organization]:
    ready = Organization.objects.select_related("client").filter(api_key_sealed__isnull=False)
    latest = list(ready.order_by("-active_at")[:_MOST_LISTED])
    return sorted(latest, key=lambda one: one.client.name.casefold())
