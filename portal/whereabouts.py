"""Holds each session of the platform against its row: one that was ended, or has run out, is signed out on its next
request. The row is named in the session itself, so it follows when the session's key changes."""

from collections.abc import Callable
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from agencies import sessions
from domains.resolver import Place

_KEY = "member_session"


class WhereaboutsMiddleware:
    """Behind the sessions, before anybody asks who the user is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        resolution = getattr(request, "resolution", None)
        if resolution is not None and resolution.place is Place.PLATFORM and SESSION_KEY in request.session:
            _hold(request)
        return self.get_response(request)


def current(request: HttpRequest) -> UUID | None:
    """The row of the session that this request is in."""
    known = request.session.get(_KEY)
    return UUID(known) if known else None


def _hold(request: HttpRequest) -> None:
    """Begin a row for a new session; sign out of one whose row does not hold."""
    user_id, session_id = UUID(request.session[SESSION_KEY]), current(request)
    came_from = str(get_adapter().get_client_ip(request))
    if session_id is None:
        device = request.headers.get("User-Agent", "")
        request.session[_KEY] = str(sessions.begin(user_id=user_id, device=device, came_from=came_from).pk)
        return
    # What htmx asks for while nobody touches the page keeps nobody signed in.
    counts = "HX-Request" not in request.headers or request.method not in ("GET", "HEAD")
    now = timezone.now()
    if not sessions.go_on(session_id=session_id, user_id=user_id, came_from=came_from, counts=counts, now=now):
        logout(request)
