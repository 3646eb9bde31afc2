"""The short way for machines: what Stripe and HMS send goes to its view before sessions, languages, people and pages.

None of those concerns a signed message, and together they take longer than storing it. Headers and the host's own
rules, which stand before, hold for it as well.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from domains.resolver import Place

_PREFIX = "/api/webhooks/"


class HooksMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(_PREFIX) or request.resolution.place is not Place.PLATFORM:  # type: ignore[attr-defined]
            return self.get_response(request)
        try:
            match = resolve("/" + request.path_info.removeprefix(_PREFIX), "portal.hooks_in.urls")
        except Resolver404:
            return self.get_response(request)
        request.resolver_match = match
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        response.headers["Content-Length"] = str(len(response.content))
        return response
