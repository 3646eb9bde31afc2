"""What every page knows: whose brand it wears."""

import hashlib
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property

from agencies import notices, team
from agencies.models import Agency, Membership
from branding import theme
from branding.models import Branding, Picture
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
    wearing = platform_brand() | {"theme_url": _theme_url(agency.branding)} | _light_or_dark(agency.branding)
    may = {"manage": team.may(actor.role, Membership.Role.MANAGER), "own": team.may(actor.role, Membership.Role.OWNER)}
    places = _Places(actor.id, agency.slug)
    return {"brand": wearing, "agency": dashboard_agency(agency), "actor": actor, "may": may, "places": places}


class _Places:
    """Where whoever is looking works. Asked for once, by a page that shows it."""

    def __init__(self, user_id: str, slug: str) -> None:
        self._user_id, self._slug = user_id, slug

    @cached_property
    def all(self) -> list[notices.Place]:
        return notices.places_of(self._user_id)

    @property
    def others(self) -> list[notices.Place]:
        """The other agencies."""
        return [place for place in self.all if place.slug != self._slug]

    @property
    def unread(self) -> int:
        """How many notifications are unread here."""
        return sum(place.unread for place in self.all if place.slug == self._slug)

    @property
    def unread_elsewhere(self) -> int:
        return sum(place.unread for place in self.others)


def dashboard_agency(agency: Agency) -> dict[str, Any]:
    """What the frame of a dashboard shows of its agency."""
    return {
        "slug": agency.slug,
        "name": agency.branding.company_name,
        "initials": initials(agency.branding.company_name),
        "logo": logo(agency.branding),
        "portal_is_on": agency.portal_is_on,
        "closes_at": agency.closes_at,
        "portal_url": links.portal(agency.pk),
    }


def platform_brand() -> dict[str, Any]:
    """The platform's own name, in its own colours."""
    return {
        "name": settings.PLATFORM_NAME,
        "initials": initials(settings.PLATFORM_NAME),
        "logo": None,
        "icon_url": "",
        "theme_url": "",
        "is_platform": True,
    }


def portal_brand(branding: Branding) -> dict[str, Any]:
    """An agency's name, colours and links."""
    return {
        "name": branding.company_name,
        "initials": initials(branding.company_name),
        "logo": logo(branding),
        "icon_url": _icon_url(branding),
        "theme_url": _theme_url(branding),
        "is_platform": False,
        "support_email": branding.support_email,
        "privacy_url": branding.privacy_url,
        "terms_url": branding.terms_url,
        "imprint_url": branding.imprint_url,
        "login_title": branding.login_title,
        "login_text": branding.login_text,
        **_light_or_dark(branding),
    }


def mail_brand(agency: Agency) -> dict[str, Any]:
    """`portal_brand` for a mail: colours as values, pictures under the address of the portal's primary host."""
    made = theme.tokens(primary=agency.branding.primary_color)
    worn, host = logo(agency.branding), links.portal(agency.pk).rstrip("/")
    for key in ("url", "dark_url") if worn else ():
        worn[key] = worn[key] and host + worn[key]
    return portal_brand(agency.branding) | {"color": made.light, "dark": made.dark, "logo": worn}


def logo(branding: Branding) -> dict[str, Any]:
    """The logo for light and for dark pages, empty when there is none; a wide one stands where the name stood."""
    worn = branding.pictures.get(Picture.Role.LOGO)
    if worn is None:
        return {}
    dark = branding.pictures.get(Picture.Role.LOGO_DARK)
    return {
        "url": picture_url(worn["digest"]),
        "dark_url": picture_url(dark["digest"]) if dark else "",
        "width": worn["width"],
        "height": worn["height"],
        "is_wide": worn["width"] * 2 > worn["height"] * 3,
    }


def picture_url(digest: str) -> str:
    """Where a picture is, on every host of ours."""
    return reverse("picture", args=[digest], urlconf="portal.urls_portal")


def _icon_url(branding: Branding) -> str:
    """What stands in the browser's tab: the icon, or the initials in the brand's colour."""
    icon = branding.pictures.get(Picture.Role.FAVICON)
    if icon:
        return picture_url(icon["digest"])
    look = hashlib.sha256(f"{branding.company_name}|{branding.primary_color}".encode()).hexdigest()[:12]
    return reverse("initials_icon", args=[look], urlconf="portal.urls_portal")


def _light_or_dark(branding: Branding) -> dict[str, str]:
    is_fixed = branding.light_or_dark != Branding.Light.DEVICE
    return {"light_or_dark": branding.light_or_dark if is_fixed else ""}


def _theme_url(branding: Branding) -> str:
    digest = branding.stylesheet_digest
    return reverse("theme", args=[digest], urlconf="portal.urls_portal") if digest else ""


def initials(name: str) -> str:
    """One or two letters for the tile that stands where there is no logo."""
    words = [word for word in name.split() if word[:1].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "•"
