"""How allauth works here: one sign-in for owners on the platform, clients on a portal, operators on their host.

Links in mails come from stored addresses, never from the request; mails wear the brand of the host. Whoever signs in
on a portal is its client from then on; whoever signs up on the platform owns an agency from then on.
"""

import unicodedata
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from django import forms
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from agencies import arrivals
from domains import links
from domains.resolver import Place, Resolution
from people.models import User
from portal import context, lately, mailing, member_log, second_factor
from portal.context import mail_brand
from portal.platform import arriving
from portal.sign_up_form import PlainSignUpForm


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Owners always, clients while the portal is on, operators never: a command makes them."""
        resolution = _resolution(request)
        if resolution.place is Place.PORTAL:
            return bool(resolution.agency.portal_is_on)
        return resolution.place is Place.PLATFORM

    def save_user(self, request: HttpRequest, user: User, form: forms.Form, commit: bool = True) -> User:
        """Keep the name that the form of a portal asks for."""
        user.name = form.cleaned_data.get("name", "")
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def pre_login(self, request: HttpRequest, user: User, **how: Any) -> HttpResponse | None:
        """Before anything is asked beside the password: whether this person was here before."""
        second_factor.note_sign_in(request, user)
        answer: HttpResponse | None = super().pre_login(request, user, **how)
        return answer

    def post_login(self, request: HttpRequest, user: User, **how: Any) -> HttpResponse:
        """Let who signed in arrive: as a client of the portal, or as the owner of the agency asked for at sign-up."""
        place = _resolution(request).place
        if place is Place.PORTAL:
            arrivals.arrive(user=user, name=user.get_full_name())
        opened = arriving.open_what_was_asked_for(request, user) if place is Place.PLATFORM else ""
        if place is Place.PLATFORM:
            lately.note_sign_in(request, user)
            member_log.write(request, user, "member.signed_in")
        response: HttpResponse = super().post_login(request, user, **how)
        return redirect(opened) if opened else response

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Where one's work is: the agency's dashboard, or the front page of a portal or of the operators."""
        user = request.user
        if isinstance(user, User) and _resolution(request).place is Place.PLATFORM:
            return arriving.home_of(user)
        return "/"

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return self.get_login_redirect_url(request)

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        """Not of somebody who has just signed in: setting up a second factor right then asks nothing twice."""
        request, asks = current.request, super().is_reauthentication_required(app=app, **more)
        return bool(asks) and not (isinstance(request.user, User) and lately.was_asked(request, request.user))

    def get_from_email(self) -> str:
        """The platform's address under the name of the brand."""
        return mailing.from_platforms_address(_brand()["name"])

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail in the brand, with every link moved to the host that is stored for whoever sends it."""
        moved = {key: _canonical(value) for key, value in context.items() if key.endswith("_url")}
        brand, agency = _brand(), _resolution(current.request).agency
        if agency is not None:
            brand = mail_brand(agency)
        said = {**context, **moved, "brand": brand, "email": email, "current_site": {"name": brand["name"]}}
        message: EmailMessage = self.render_mail(template_prefix, email, {**said, "request": current.request})
        if brand.get("support_email"):
            message.reply_to = [brand["support_email"]]
        if agency is None:
            message.send()
        else:
            mailing.deliver(agency, message)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """One key for one person, however the address and the Host header are spelled. The cache adds the schema."""
        address = credentials.get("email") or credentials.get("username") or ""
        return unicodedata.normalize("NFKC", address).casefold()


class SignUpForm(PlainSignUpForm):
    """A client's, on a portal."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    field_order = ["name", "email", "password1"]

    def signup(self, request: HttpRequest, user: User) -> None:
        """Nothing more to keep: the adapter has the name."""


def _resolution(request: HttpRequest) -> Resolution:
    resolution: Resolution = request.resolution  # type: ignore[attr-defined]
    return resolution


def _brand() -> dict[str, Any]:
    brand: dict[str, Any] = context.brand(current.request)["brand"]
    return brand


def _canonical(url: str) -> str:
    """The same path on the host that is stored for the agency or the platform."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    resolution = _resolution(current.request)
    if resolution.agency is not None:
        return links.portal(resolution.agency.pk, path)
    host = settings.OPERATOR_HOST if resolution.place is Place.OPERATORS else settings.PLATFORM_HOST
    return links.absolute(host, path)
