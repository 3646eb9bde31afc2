"""What a member of the team may do on a dashboard: everybody looks, managers work, owners decide."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from agencies import team
from agencies.models import Agency, Membership
from portal.dashboard.entrance import Actor

View = Callable[..., HttpResponseBase]


def agency_of(request: HttpRequest) -> Agency:
    """Whose dashboard this is."""
    agency: Agency = request.agency  # type: ignore[attr-defined]
    return agency


def actor_of(request: HttpRequest) -> Actor:
    """Who is working on this dashboard."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def requires(role: Membership.Role) -> Callable[[View], View]:
    """Guard a view: whoever has less than `role` may look, and gets a 403 for anything that changes something."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in ("GET", "HEAD") and not team.may(actor_of(request).role, role):
                raise PermissionDenied(_("This needs the role %(role)s.") % {"role": role.label})
            return view(request, *args, **kwargs)

        return guarded

    return guard


owner_changes = requires(Membership.Role.OWNER)
manager_changes = requires(Membership.Role.MANAGER)
