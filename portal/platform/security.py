"""One's own security: the second factor, and where one is signed in, each of which can be ended."""

import re
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from agencies import sessions
from agencies.models import MemberSession
from people.models import User
from portal import member_log, second_factor, whereabouts, wording

# The first that fits: browsers call themselves by their ancestors' names as well.
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


@login_required
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """How one signs in, and where one is signed in."""
    person = _person(request)
    here = whereabouts.current(request)
    context = {
        "has_second_factor": second_factor.has_one(person),
        "rows": [_row(each, here) for each in sessions.of(person)],
        "nav": "security",
    }
    return render(request, "platform/security.html", context)


@login_required
@require_POST
def end(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Sign out of one other place."""
    person = _person(request)
    with transaction.atomic():
        if not sessions.end(user=person, session_id=session_id):
            raise Http404
        member_log.write(request, person, "session.ended")
    messages.success(request, _("Signed out there."))
    return redirect("platform:security")


@login_required
@require_POST
def end_all(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere, here as well."""
    person = _person(request)
    with transaction.atomic():
        sessions.end_all(user=person)
        member_log.write(request, person, "session.all_ended")
    logout(request)
    messages.success(request, _("You are signed out everywhere."))
    return redirect("account_login")


def _row(row: MemberSession, here: UUID | None) -> dict[str, Any]:
    meta = [row.came_from or "", _("since %(when)s") % {"when": wording.moment(row.began_at)}]
    meta.append(_("seen %(when)s") % {"when": wording.moment(row.seen_at)})
    is_phone = bool(re.search(r"iPhone|Android|Mobile", row.device))
    return {
        "session": row,
        "title": _device(row.device),
        "meta": " · ".join(each for each in meta if each),
        "icon": "device-mobile" if is_phone else "device-desktop",
        "is_here": row.pk == here,
    }


def _device(told: str) -> str:
    browser = next((name for sign, name in _BROWSERS if sign in told), "")
    system = next((name for sign, name in _SYSTEMS if sign in told), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Another program")


def _person(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required has seen to it; for the type checker
    return user
