"""What somebody has to show beside being signed in, before a dashboard lets them on. Asked in public, before the view.

An owner who has signed in before needs a second factor, and so does one who exchanges keys. What matters most is asked
for by password or code when that was last done more than ten minutes ago; the page that asks keeps what was typed, but
for secrets, and goes on where one was.
"""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from allauth.account.internal.flows.login import record_authentication
from allauth.core import ratelimit
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from agencies.models import Agency, Membership
from people.models import User
from portal import lately, second_factor
from vault.models import HMSConnection, StripeConnection

View = TypeVar("View", bound=Callable[..., Any])
When = Callable[[HttpRequest, Agency], bool]

# What is written by hand and shown nowhere: it is typed once more instead of being sent back and forth.
_SECRET = re.compile(r"(^|_)(secret|secret_key|api_key|password|token|credential)$|secret")
_KEPT = re.compile(r"^form_token$")
_OURS = ("csrfmiddlewaretoken", "proof_password", "proof_code", "proof_back", "proof_lost")
_READS = ("GET", "HEAD", "OPTIONS")


def asks_again(view: View) -> View:
    """Mark a dashboard's view: whoever changes something there was asked who they are in the last ten minutes."""
    view.asks_again = _always  # type: ignore[attr-defined]
    return view


def asks_again_when(when: When) -> Callable[[View], View]:
    """The same, for requests for which `when` holds. It is called in public."""

    def mark(view: View) -> View:
        view.asks_again = when  # type: ignore[attr-defined]
        return view

    return mark


def exchanges_keys(view: View) -> View:
    """Mark a dashboard's view that takes keys of the agency: `asks_again`, and an owner needs a second factor to
    exchange what is there."""
    view.exchanges_keys = True  # type: ignore[attr-defined]
    return asks_again(view)


def stop(request: HttpRequest, view: Any, membership: Membership) -> HttpResponse | None:
    """What is to be shown instead of the view; None lets it run."""
    user = request.user
    if not isinstance(user, User):
        return None
    reads = request.method in _READS
    if membership.role == Membership.Role.OWNER:
        if second_factor.is_missing(request, user):
            return _to_second_factor(request, request.get_full_path() if reads else _back(request, membership.agency))
        if not reads and getattr(view, "exchanges_keys", False) and _needs_one_for_keys(user, membership.agency):
            messages.info(request, _("Before keys are exchanged, set up a second factor. Then paste them once more."))
            return _to_second_factor(request, _back(request, membership.agency))
    when: When | None = getattr(view, "asks_again", None)
    if reads or when is None or not when(request, membership.agency):
        return None
    return _ask(request, user, membership)


def _always(request: HttpRequest, agency: Agency) -> bool:
    return True


def _ask(request: HttpRequest, user: User, membership: Membership) -> HttpResponse | None:
    is_answered = "proof_password" in request.POST or "proof_code" in request.POST
    if not is_answered and lately.was_asked(request, user):
        return None
    problem = _problem(request, user) if is_answered else ""
    if not is_answered or problem:
        return _page(request, user, membership, problem)
    request.session.cycle_key()
    if request.POST.get("proof_lost"):
        messages.info(request, _("Thank you. Secrets are not kept on the way: please paste them once more."))
        return redirect(_back(request, membership.agency))
    return None


def _problem(request: HttpRequest, user: User) -> str:
    """Prove who it is; what is wrong, in words, or "" when it is them."""
    if not ratelimit.consume(request, action="reauthenticate", user=user):
        return _("That was tried too often. Please wait a minute.")
    if code := request.POST.get("proof_code", "").strip():
        for authenticator in Authenticator.objects.filter(user_id=user.pk):
            if authenticator.wrap().validate_code(code):
                authenticator.user = user
                post_authentication(request, authenticator, reauthenticated=True)
                return ""
        return _("This code is not right, or was used already. Wait for the next one.")
    if user.check_password(request.POST.get("proof_password", "")):
        record_authentication(request, user, method="password", reauthenticated=True)
        return ""
    return _("This is not your password.")


def _page(request: HttpRequest, user: User, membership: Membership, problem: str) -> HttpResponse:
    sent = [(name, value) for name, values in request.POST.lists() for value in values if name not in _OURS]
    lost = [name for name, value in sent if value and _is_secret(name)] + list(request.FILES)
    context = {
        "agency_name": membership.agency.branding.company_name,
        "kept": [(name, value) for name, value in sent if not _is_secret(name)],
        "is_lost": bool(lost) or bool(request.POST.get("proof_lost")),
        "back": _back(request, membership.agency),
        "has_code": second_factor.has_one(user),
        "problem": problem,
    }
    return render(request, "platform/asks_again.html", context, status=403 if problem else 200)


def _is_secret(name: str) -> bool:
    return bool(_SECRET.search(name)) and not _KEPT.match(name)


def _needs_one_for_keys(user: User, agency: Agency) -> bool:
    """The first keys of an agency are no exchange."""
    if not settings.OWNERS_NEED_SECOND_FACTOR or second_factor.has_one(user):
        return False
    stripe = StripeConnection.objects.filter(agency_id=agency.pk, secret_key_sealed__isnull=False)
    return stripe.exists() or HMSConnection.objects.filter(agency_id=agency.pk, api_key_sealed__isnull=False).exists()


def _to_second_factor(request: HttpRequest, then: str) -> HttpResponse:
    second_factor.come_back_to(request, then)
    return redirect("mfa_activate_totp")


def _back(request: HttpRequest, agency: Agency) -> str:
    """The page that the form was on, as the browser tells it; the dashboard's first one when it does not."""
    told = request.POST.get("proof_back") or request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(told, {request.get_host()}, require_https=request.is_secure()):
        return told
    return reverse("dashboard:home", args=[agency.slug])
