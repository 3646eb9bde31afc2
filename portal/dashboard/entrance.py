"""The innermost middleware: takes a dashboard request into its agency's schema, and out again.

Who is asking is read in public and frozen into `request.actor`; then the view and the rendering of its template run
inside the schema, where `request.user` refuses every query. Sessions and messages are saved after that, in public.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from agencies import addresses
from agencies.models import Agency, Membership
from portal.dashboard import gate
from tenancy import door


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: stored with what they did, so it is kept as it was then."""

    kind: str
    id: str
    email: str
    role: str = ""

    def as_json(self) -> dict[str, str]:
        """For a ledger entry's `actor`."""
        return {"kind": self.kind, "id": self.id, "email": self.email}


class UserStaysInPublic(RuntimeError):
    """A dashboard view asked for the signed-in person's row inside an agency's schema."""


class StandIn:
    """Stands where `request.user` was. Shows what was frozen, and refuses to be a row."""

    is_authenticated = True
    is_anonymous = False
    is_active = True

    def __init__(self, actor: Actor) -> None:
        self.email = actor.email

    def __getattr__(self, name: str) -> Any:
        raise UserStaysInPublic(f"request.user.{name} is not available in an agency's schema; use request.actor")


def stays_in_public(view: Any) -> Any:
    """Mark a dashboard view that needs the real user: it runs in public, with `request.agency` and `request.actor`."""
    view.stays_in_public = True
    return view


class DashboardMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with ExitStack() as stack:
            request.dashboard_stack = stack  # type: ignore[attr-defined]
            response = self.get_response(request)
            if response.streaming and hasattr(request, "agency") and not hasattr(response, "enters_itself"):
                raise BareStream("a streaming answer of a dashboard must enter the door itself")
            return response

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or "dashboard" not in match.namespaces:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        user, slug = request.user, kwargs.pop("slug")
        mine = Membership.objects.select_related("agency", "agency__branding").filter(
            agency__state=Agency.State.READY, user_id=user.pk
        )
        membership = mine.filter(agency__slug=slug).first()
        if membership is None:
            return _under_todays_slug(request, mine, slug, kwargs)
        request.agency = membership.agency  # type: ignore[attr-defined]
        request.actor = Actor("member", str(user.pk), user.email, membership.role)  # type: ignore[attr-defined]
        stopped = gate.stop(request, view, membership)
        if stopped is not None:
            return stopped
        if not getattr(view, "stays_in_public", False):
            request.user = StandIn(request.actor)  # type: ignore[attr-defined, assignment]
            request.dashboard_stack.enter_context(door.enter(membership.agency))  # type: ignore[attr-defined]
        return None


def _under_todays_slug(
    request: HttpRequest, mine: "QuerySet[Membership]", slug: str, kwargs: dict[str, Any]
) -> HttpResponse:
    """Bookmarks of a slug that was changed still find their page. Raises Http404 for strangers."""
    membership = mine.filter(agency_id=addresses.agency_id_of(slug) or 0).first()
    match = request.resolver_match
    if membership is None or match is None or request.method not in ("GET", "HEAD"):
        raise Http404
    page = reverse(match.view_name, kwargs={**kwargs, "slug": membership.agency.slug})
    query = request.META.get("QUERY_STRING", "")
    return redirect(f"{page}?{query}" if query else page)


class BareStream(RuntimeError):
    """A streaming body would be read after the schema was left."""


def needs_no_schema(response: StreamingHttpResponse) -> StreamingHttpResponse:
    """Say that the body comes from elsewhere than the database, so that no door is entered for it."""
    response.enters_itself = True  # type: ignore[attr-defined]
    return response


def enters_itself(response: StreamingHttpResponse, agency: Agency) -> StreamingHttpResponse:
    """Make each chunk of the body be produced inside the agency's schema."""

    body = iter(cast("Iterator[bytes]", response.streaming_content))

    def chunks() -> Any:
        while True:
            with door.enter(agency):
                chunk = next(body, None)
            if chunk is None:
                return
            yield chunk

    response.streaming_content = chunks()
    response.enters_itself = True  # type: ignore[attr-defined]
    return response
