"""Becoming a client by the link of an invitation, which proves the address: a name and a password, and no code."""

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from agencies import client_invitations
from audit import trail
from people.models import User
from portal.dashboard.audited import came_from
from portal.storefront.access import agency_of, portal_page


class AcceptForm(forms.Form):
    """The address is the one that was invited: it is shown, and nothing that is sent changes it."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"),
        help_text=_("At least 12 characters."),
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def __init__(self, email: str, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.email = email

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        try:
            validate_password(password, User(email=self.email, name=self.cleaned_data.get("name", "")))
        except ValidationError as error:
            raise forms.ValidationError(error.messages) from error
        return password


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@portal_page
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Who invites, and the way in. A link that opens nothing says so, and somebody who is a client signs in."""
    try:
        invitation = client_invitations.find(token)
    except client_invitations.InvitationGone:
        return render(request, "storefront/invitation_gone.html", status=404)
    is_known = client_invitations.is_client(invitation)
    typed = request.POST if request.method == "POST" else None
    form = AcceptForm(invitation.email, typed, initial={"name": invitation.name})
    if typed is not None and not is_known and not request.user.is_authenticated and form.is_valid():
        try:
            user = _taken(request, token, form)
        except client_invitations.InvitationGone:
            return render(request, "storefront/invitation_gone.html", status=404)
        except client_invitations.InvitationRefused as refused:
            form.add_error(None, forms.ValidationError(str(refused)))
        else:
            answer: HttpResponse = perform_login(request, Login(user=user))
            return answer
    context = {"invitation": invitation, "is_known": is_known, "form": form}
    return render(request, "storefront/invitation.html", context)


def _taken(request: HttpRequest, token: str, form: AcceptForm) -> User:
    """Accept it, with an entry in the agency's log."""
    with transaction.atomic():
        user, client = client_invitations.accept(
            token=token, name=form.cleaned_data["name"], password=form.cleaned_data["password"]
        )
        who = trail.Who("client", str(user.pk), user.email, came_from=came_from(request))
        trail.write(
            agency_id=agency_of(request).pk,
            who=who,
            what="client.joined",
            subject=client.name,
            after={"by": "invitation"},
        )
    return user
