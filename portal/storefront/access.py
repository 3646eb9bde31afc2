"""Who may see a client's page: somebody signed in who belongs to a client, on a portal that is on.

A portal that is off serves one calm page. What was paid stays readable: pages marked `also_when_off` are served.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, overload

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from agencies import arrivals
from agencies.models import Agency, ClientVisit
from billing import wallets
from clients.models import Client, ClientMember
from people.models import User
from portal import wording
from portal.dashboard.entrance import Actor
from vault.models import StripeConnection

View = Callable[..., HttpResponseBase]


def agency_of(request: HttpRequest) -> Agency:
    """The agency whose portal this is."""
    agency: Agency = request.resolution.agency  # type: ignore[attr-defined]
    return agency


def portal_page(view: View) -> View:
    """A page for anybody, if the portal is on."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not agency_of(request).portal_is_on:
            return is_off(request)
        request.is_test_mode = in_test_mode(agency_of(request))  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    return shown


@overload
def client_page(view: View) -> View: ...
@overload
def client_page(*, also_when_off: bool) -> Callable[[View], View]: ...
def client_page(view: View | None = None, *, also_when_off: bool = False) -> View | Callable[[View], View]:
    """A page of one client: sets `client`, `wallet`, `actor`, and for the banner `is_off`, `is_test_mode`."""

    def guarded(view: View) -> View:
        @wraps(view)
        def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            agency = agency_of(request)
            if not also_when_off and not agency.portal_is_on:
                return is_off(request)
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            visit: ClientVisit | None = getattr(request, "visit", None)
            client = Client.objects.get(pk=visit.client_id) if visit else client_of(request.user)
            request.client = client  # type: ignore[attr-defined]
            request.wallet = wallets.get(client.pk)  # type: ignore[attr-defined]
            request.actor = _actor(request.user, visit)  # type: ignore[attr-defined]
            request.is_off = not agency.portal_is_on  # type: ignore[attr-defined]
            request.closes_on = closes_on(agency)  # type: ignore[attr-defined]
            request.is_test_mode = in_test_mode(agency)  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        return shown

    return guarded if view is None else guarded(view)


def _actor(user: User, visit: ClientVisit | None) -> Actor:
    if visit is not None:
        return Actor("member", str(visit.member_id), visit.member_email)
    return Actor("client", str(user.pk), user.email)


def client_of(user: User) -> Client:
    """The client that the signed-in person belongs to. Somebody whose sign-up was cut off is received now."""
    member = ClientMember.objects.select_related("client").filter(user_id=user.pk).first()
    return member.client if member else arrivals.arrive(user=user, name=user.get_full_name())


def in_test_mode(agency: Agency) -> bool:
    """Whether payments are made with Stripe's test key: no money moves, and every page says so."""
    return StripeConnection.objects.filter(agency_id=agency.pk, livemode=False).exists()


def is_off(request: HttpRequest) -> HttpResponse:
    """The calm page of a portal that is switched off."""
    response = render(request, "errors/portal_off.html", {"closes_on": closes_on(agency_of(request))}, status=503)
    response.headers["Retry-After"] = "3600"
    return response


def closes_on(agency: Agency) -> str:
    """The day on which the agency is closed for good, in words; "" while nobody has closed it."""
    return wording.day(wording.day_of(agency.closes_at)) if agency.closes_at else ""


def start_over(request: HttpRequest) -> HttpResponse:
    """For a part of a page whose reader is signed out meanwhile: the whole page is loaded anew."""
    response = HttpResponse(status=204)
    response.headers["HX-Refresh"] = "true"
    return response


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return start_over(request)
    return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")
