"""Joining a team by the link of an invitation: as whoever one is already, or as a new person.

The link came by e-mail, so whoever opens it has proved the address: a new person types a name and a password, no code.
"""

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import EmailAddress, Login
from django import forms
from django.contrib import messages
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from agencies import invitations
from agencies.models import Membership
from audit import trail
from people.models import User
from portal.dashboard.audited import came_from


class JoinForm(forms.Form):
    """A new person."""

    name = forms.CharField(
        label=gettext_lazy("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"})
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        help_text=gettext_lazy("At least 12 characters."),
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def __init__(self, email: str, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
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
def join(request: HttpRequest, token: str) -> HttpResponse:
    """What one is invited to, and the way in. A link that opens nothing says so."""
    try:
        invitation = invitations.find(token)
    except invitations.InvitationGone:
        return render(request, "platform/invitation_gone.html", status=404)
    person = request.user if isinstance(request.user, User) else None
    is_known = User.objects.filter(email=invitation.email, is_active=True).exists()
    form = JoinForm(invitation.email, request.POST if request.method == "POST" and person is None else None)
    if request.method == "POST":
        joined = _joined_as(request, token, person) if person else _joined_anew(request, token, form, is_known)
        if joined is not None:
            return joined
    context = {
        "invitation": invitation,
        "company": invitation.agency.branding.company_name,
        "is_known": is_known,
        "is_me": person is not None and person.email.lower() == invitation.email,
        "form": form,
    }
    return render(request, "platform/invitation.html", context)


def _joined_as(request: HttpRequest, token: str, person: User) -> HttpResponse | None:
    try:
        membership = _accepted(request, token, person)
    except invitations.InvitationRefused:
        return None
    messages.success(request, _("Welcome to the team."))
    return redirect("dashboard:home", slug=membership.agency.slug)


def _joined_anew(request: HttpRequest, token: str, form: JoinForm, is_known: bool) -> HttpResponse | None:
    if is_known or not form.is_valid():
        return None
    with transaction.atomic():
        user = User.objects.create_user(form.email, form.cleaned_data["password"], name=form.cleaned_data["name"])
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        _accepted(request, token, user)
    answer: HttpResponse = perform_login(request, Login(user=user))
    return answer


def _accepted(request: HttpRequest, token: str, user: User) -> Membership:
    """Let them in, with an entry in the agency's log. Raises Http404 for a link that was used meanwhile."""
    with transaction.atomic():
        try:
            membership = invitations.accept(token=token, user=user)
        except invitations.InvitationGone as error:
            raise Http404(_("This invitation was used or taken back.")) from error
        who = trail.Who("member", str(user.pk), user.email, membership.role, came_from(request))
        trail.write(agency_id=membership.agency_id, who=who, what="team.joined", after={user.email: membership.role})
    return membership
