"""The first middleware: the host decides who is meant, which URLs exist, and which schema the request runs in.

An unknown host gets one constant answer, before sessions, static files or anything else.
"""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import set_urlconf

from domains import links, resolver
from domains.resolver import Place, Resolution
from portal.security import HeadersMiddleware
from tenancy import door

_URLCONFS = {
    Place.PLATFORM: "portal.urls_platform",
    Place.OPERATORS: "portal.urls_operators",
    Place.INTERNAL: "portal.urls_internal",
    Place.PORTAL: "portal.urls_portal",
}
# A machine takes a redirect for a failure.
_FOR_MACHINES = ("/healthz", "/api/")


class HostMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            resolution = resolver.resolve(request.get_host())
        except (DisallowedHost, resolver.MalformedHost, resolver.UnknownHost):
            return _nobody("errors/unknown_host.html", 404)
        except resolver.UnverifiedHost:
            return _nobody("errors/domain_unverified.html", 404)
        if resolution.place is Place.INTERNAL and not _is_near(request):
            return _nobody("errors/unknown_host.html", 404)
        request.resolution = resolution  # type: ignore[attr-defined]
        if resolution.leads_on and not request.path.startswith(_FOR_MACHINES):
            return HeadersMiddleware(_lead_on)(request)
        request.urlconf = _URLCONFS[resolution.place]
        set_urlconf(request.urlconf)
        if resolution.agency is None:
            return self.get_response(request)
        with door.enter(resolution.agency):
            return self.get_response(request)


def _is_near(request: HttpRequest) -> bool:
    """Whether somebody on this machine or its network asks by themselves. What a proxy passes on came from outside."""
    if "X-Forwarded-For" in request.headers:
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    # Before Python 3.13 every IPv4 address written as IPv6 counts as private.
    return (getattr(address, "ipv4_mapped", None) or address).is_private


def _lead_on(request: HttpRequest) -> HttpResponse:
    """To the same page on the primary host, with the same method.

    Kept by nobody: a browser that remembered yesterday's redirect would go in a circle once the primary host changes.
    """
    resolution: Resolution = request.resolution  # type: ignore[attr-defined]
    response = HttpResponse(status=308)
    response.headers["Location"] = links.absolute(resolution.primary_host, request.get_full_path())
    response.headers["Cache-Control"] = "no-store"
    return response


def _nobody(template: str, status: int) -> HttpResponse:
    response = HttpResponse(render_to_string(template, {"platform": settings.PLATFORM_NAME}), status=status)
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
