"""What every page knows: whose brand it wears."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from agencies import team
from agencies.models import Agency, Membership
from branding.models import Branding
from domains import links


def brand(request: HttpRequest) -> dict[str, Any]:
    """`brand` for the templates: the agency's on its portal, the platform's everywhere else.

    On a dashboard `agency`, `actor` and `may` as well: whose pages these are, who is looking, with which rights. Its
    pages wear the agency's colours under the platform's name.
    """
    resolution = getattr(request, "resolution", None)
    if resolution is not None and resolution.agency is not None:
        return {"brand": portal_brand(resolution.agency.branding)}
    agency: Agency | None = getattr(request, "agency", None)
    if agency is None:
        return {"brand": platform_brand()}
    actor = request.actor  # type: ignore[attr-defined]
    wearing = platform_brand() | {"theme_url": _theme_url(agency.branding)}
    may = {"manage": team.may(actor.role, Membership.Role.MANAGER), "own": team.may(actor.role, Membership.Role.OWNER)}
    others = SimpleLazyObject(lambda: team.elsewhere(actor.id, agency.pk))
    shown = {"agency": dashboard_agency(agency), "actor": actor, "may": may, "other_agencies": others}
    return {"brand": wearing, **shown}


def dashboard_agency(agency: Agency) -> dict[str, Any]:
    """What the frame of a dashboard shows of its agency."""
    return {
        "slug": agency.slug,
        "name": agency.branding.company_name,
        "initials": initials(agency.branding.company_name),
        "portal_is_on": agency.portal_is_on,
        "portal_url": links.portal(agency.pk),
    }


def platform_brand() -> dict[str, Any]:
    """The platform's own name, in its own colours."""
    return {
        "name": settings.PLATFORM_NAME,
        "initials": initials(settings.PLATFORM_NAME),
        "logo_url": "",
        "theme_url": "",
        "is_platform": True,
    }


def portal_brand(branding: Branding) -> dict[str, Any]:
    """An agency's name, colours and links."""
    return {
        "name": branding.company_name,
        "initials": initials(branding.company_name),
        "logo_url": "",
        "theme_url": _theme_url(branding),
        "is_platform": False,
        "support_email": branding.support_email,
        "privacy_url": branding.privacy_url,
        "terms_url": branding.terms_url,
        "imprint_url": branding.imprint_url,
    }


def _theme_url(branding: Branding) -> str:
    digest = branding.stylesheet_digest
    return reverse("theme", args=[digest], urlconf="portal.urls_portal") if digest else ""


def initials(name: str) -> str:
    """One or two letters for the tile that stands where there is no logo."""
    words = [word for word in name.split() if word[:1].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "•"
