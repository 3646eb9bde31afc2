"""Who may ask: a program with a token of a client of this portal, for what the token allows, and not without measure.

Every answer is JSON. An error is `{"error": {"code", "message"}}`: the code is for programs, the message for people.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from redis import RedisError

from billing import wallets
from clients.models import Client
from portal.dashboard.entrance import Actor
from portal.storefront.access import agency_of
from vault import api_tokens
from vault.api_tokens import Scope
from vault.models import ApiToken

View = Callable[..., HttpResponse]

log = logging.getLogger(__name__)
REQUESTS_A_MINUTE = 120
_NO_STORE = {"Cache-Control": "no-store"}


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers or {}

    def as_response(self) -> JsonResponse:
        """The answer."""
        body = {"error": {"code": self.code, "message": str(self)}}
        return JsonResponse(body, status=self.status, headers={**_NO_STORE, **self.headers})


class Endpoint:
    """An address with a view for each method. No cookie lets anybody in, so no form can be forged."""

    csrf_exempt: ClassVar[bool] = True

    def __init__(self, **views: View) -> None:
        self.views = views

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        method = "GET" if request.method == "HEAD" else request.method or ""
        try:
            if method not in self.views:
                allowed = ", ".join(sorted(self.views))
                raise Refused(
                    405,
                    "method_not_allowed",
                    _("This address takes %(methods)s.") % {"methods": allowed},
                    {"Allow": allowed},
                )
            return self.views[method](request, *args, **kwargs)
        except Refused as refused:
            return refused.as_response()


def told(body: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None) -> JsonResponse:
    """An answer that nobody keeps."""
    return JsonResponse(body, status=status, headers={**_NO_STORE, **(headers or {})})


def needs(scope: Scope) -> Callable[[View], View]:
    """Guard a view: sets `client`, `wallet` and `actor` of a token that has this scope."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            token = _token(request)
            _count(token)
            if scope not in token.scopes:
                words = _("This token may not do that. It needs the right %(scope)s.") % {"scope": scope}
                raise Refused(403, "missing_scope", words)
            client = Client.objects.filter(pk=token.client_id).first()
            if client is None:
                raise _unknown()
            api_tokens.note_use(token, now=timezone.now())
            request.client = client  # type: ignore[attr-defined]
            request.wallet = wallets.get(client.pk)  # type: ignore[attr-defined]
            request.actor = Actor("api", str(token.pk), str(token.created_by.get("email", "")))  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        return guarded

    return guard


def refuse_when_off(request: HttpRequest) -> None:
    """What is there stays readable while the portal is off; nothing new begins. Raises Refused."""
    if not agency_of(request).portal_is_on:
        words = _("This portal is closed for now. What is there can still be read.")
        raise Refused(503, "portal_off", words, {"Retry-After": "3600"})


@csrf_exempt
def nothing(request: HttpRequest, rest: str) -> HttpResponse:
    """Any other address of the API."""
    return Refused(404, "not_found", _("There is nothing at this address.")).as_response()


def _token(request: HttpRequest) -> ApiToken:
    kind, _space, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not text.strip():
        words = _("Send your token in the header Authorization: Bearer ...")
        raise Refused(401, "missing_token", words, {"WWW-Authenticate": "Bearer"})
    token = api_tokens.by_text(text.strip())
    if token is None:
        raise _unknown()
    return token


def _unknown() -> Refused:
    words = _("This token is unknown or was revoked. Make a new one on the portal.")
    return Refused(401, "unknown_token", words, {"WWW-Authenticate": 'Bearer error="invalid_token"'})


def _count(token: ApiToken) -> None:
    """One more request in this minute. Without the cache nobody is counted, and nobody is kept out."""
    now = timezone.now()
    key = f"api.{token.pk}.{int(now.timestamp()) // 60}"
    try:
        cache.add(key, 0, timeout=120)
        number = cache.incr(key)
    except (RedisError, ValueError) as error:
        log.warning("requests are not counted: %s", type(error).__name__)
        return
    if number > REQUESTS_A_MINUTE:
        words = _("More than %(number)s requests in a minute. Please slow down.") % {"number": REQUESTS_A_MINUTE}
        raise Refused(429, "too_many_requests", words, {"Retry-After": str(60 - now.second)})
