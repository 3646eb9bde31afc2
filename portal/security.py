"""Headers that every answer carries, whatever it is."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class HeadersMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # The web server would name itself.
        response.headers["Server"] = "portal"
        for name, value in _FIXED.items():
            response.headers.setdefault(name, value)
        if settings.HSTS_SECONDS:
            response.headers["Strict-Transport-Security"] = f"max-age={settings.HSTS_SECONDS}{_and_below(request)}"
        if response.headers.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(response, ["Host", "Cookie"])
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _and_below(request: HttpRequest) -> str:
    """What else is https alone: everything below our own hosts. An agency's domain is its own to promise for, and to
    list for preloading."""
    resolution = request.resolution  # type: ignore[attr-defined]
    ours = resolution.agency is None or resolution.host.endswith(f".{settings.PLATFORM_HOST}")
    return "; includeSubDomains" if ours else ""
