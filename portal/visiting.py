"""Looking at a portal as one of its clients: a session of its own kind, which names a visit and never a person.

While a visit goes on the visitor is nobody's user: `request.visit` says who looks at whom. Looking is all that is done:
every request that could change something is refused here, before any view, and so are the pages of signing in. A view
that changes nothing although it is asked by POST is marked with `works_while_looking`.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies import visits
from agencies.models import ClientVisit
from domains.resolver import Place

View = TypeVar("View", bound=Callable[..., Any])

_KEY = "client_visit"
_READS = ("GET", "HEAD", "OPTIONS")
# Signing in, passwords, addresses, second factors: a person's own.
_OF_A_PERSON = ("account_", "mfa_", "reauthenticate")


class Guest:
    """Stands where the signed-in person is. Shows who looks, and refuses to be a row."""

    is_authenticated = True
    is_anonymous = False
    is_active = True

    def __init__(self, visit: ClientVisit) -> None:
        self.email = visit.member_email

    def __getattr__(self, name: str) -> Any:
        raise GuestIsNobody(f"request.user.{name} is not available while somebody looks; use request.visit")


class GuestIsNobody(AttributeError):
    """A view asked a visitor for what only a person of the portal has."""


def works_while_looking(view: View) -> View:
    """Mark a view whose POST changes nothing."""
    view.works_while_looking = True  # type: ignore[attr-defined]
    return view


def begin(request: HttpRequest, visit: ClientVisit) -> None:
    """Make this browser's session one of the visit. Whoever was signed in here is signed out."""
    request.session.flush()
    request.session[_KEY] = str(visit.pk)
    request.session.set_expiry(int(visits.LASTS.total_seconds()))


def end(request: HttpRequest) -> None:
    """End the visit and its session."""
    if visit := getattr(request, "visit", None):
        visits.end(visit.pk)
    request.session.flush()


class VisitMiddleware:
    """Behind messages, before anything asks who the user is on a portal."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        resolution = getattr(request, "resolution", None)
        if resolution is not None and resolution.place is Place.PORTAL and _KEY in request.session:
            _hold(request)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if getattr(request, "visit", None) is None:
            return None
        match = request.resolver_match
        is_personal = match is not None and (match.url_name or "").startswith(_OF_A_PERSON)
        if is_personal or (request.method not in _READS and not getattr(view, "works_while_looking", False)):
            return render(request, "errors/only_looking.html", status=403)
        return None


def _hold(request: HttpRequest) -> None:
    """Say who looks at whom; forget a visit that is over."""
    visit = visits.going_on(UUID(request.session[_KEY]))
    if visit is None:
        request.session.flush()
        messages.info(request, _("Your visit is over. You can begin another one from the dashboard."))
        return
    request.visit = visit  # type: ignore[attr-defined]
    left = visit.ends_at - timezone.now() if visit.ends_at else visits.LASTS
    request.visit_minutes = max(1, -(-int(left.total_seconds()) // 60))  # type: ignore[attr-defined]
    request.user = Guest(visit)  # type: ignore[assignment]
