"""Inviting clients: the form, and what can be done about those who have not come yet."""

from uuid import UUID

from allauth.core import ratelimit
from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from agencies import allocation, client_invitations
from agencies.models import Agency, ClientInvitation
from people.models import User
from portal.dashboard import facts
from portal.dashboard.audited import audited
from portal.dashboard.forms import refuse
from portal.dashboard.gate import asks_again_when
from portal.dashboard.roles import actor_of, agency_of, manager_changes


class InviteForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        error_messages={"required": gettext_lazy("Say whom to invite.")},
        widget=forms.EmailInput({"autocomplete": "off"}),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=120,
        error_messages={"required": gettext_lazy("Say how to greet them.")},
        help_text=gettext_lazy("A person or a company. They can change it when they sign up."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    credits = forms.IntegerField(
        label=gettext_lazy("Welcome credits"),
        required=False,
        min_value=0,
        help_text=gettext_lazy("Given once, when they sign up, on top of what every new client gets."),
    )

    def clean_credits(self) -> int:
        return self.cleaned_data["credits"] or 0


def _is_above_bound(request: HttpRequest, agency: Agency) -> bool:
    """Whether more credits are promised than the agency lets anybody give unasked."""
    form = InviteForm(request.POST)
    return form.is_valid() and form.cleaned_data["credits"] > agency.asks_again_above_credits


@asks_again_when(_is_above_bound)
@require_http_methods(["GET", "POST"])
@manager_changes
@audited("client.invited", of=facts.client_invitations)
def invite(request: HttpRequest) -> HttpResponse:
    """Ask somebody to sign up. What was typed stays when it is refused."""
    agency = agency_of(request)
    form = InviteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _invited(request, form):
        messages.success(request, _("A mail is on its way to %(email)s.") % {"email": form.cleaned_data["email"]})
        return redirect("dashboard:clients", slug=agency.slug)
    context = {"form": form, "most": allocation.most_credits(), "nav": "clients"}
    return render(request, "dashboard/client_invite.html", context)


@require_POST
@manager_changes
@audited("client.invited_again")
def again(request: HttpRequest, invite_id: UUID) -> HttpResponse:
    """Send the mail once more; the former link lets nobody in any more."""
    if not _may_mail(request):
        return redirect("dashboard:clients", slug=agency_of(request).slug)
    try:
        found = client_invitations.send_again(invitation_id=invite_id)
    except ClientInvitation.DoesNotExist as error:
        raise Http404 from error
    except client_invitations.InvitationRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Another mail is on its way to %(email)s.") % {"email": found.email})
    return redirect("dashboard:clients", slug=agency_of(request).slug)


@require_POST
@manager_changes
@audited("client.invitation_withdrawn", of=facts.client_invitations)
def withdraw(request: HttpRequest, invite_id: UUID) -> HttpResponse:
    """Let nobody in by this invitation any more."""
    try:
        found = client_invitations.withdraw(invitation_id=invite_id)
    except ClientInvitation.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("The invitation of %(email)s lets nobody in any more.") % {"email": found.email})
    return redirect("dashboard:clients", slug=agency_of(request).slug)


def _invited(request: HttpRequest, form: InviteForm) -> bool:
    if not _may_mail(request):
        return False
    try:
        client_invitations.invite(**form.cleaned_data, invited_by=actor_of(request).as_json())
    except client_invitations.InvitationRefused as refused:
        refuse(form, refused.field, str(refused))
        return False
    return True


def _may_mail(request: HttpRequest) -> bool:
    """Each is a mail to somebody who did not ask for one."""
    if ratelimit.consume(request, action="invite_member", user=User(pk=actor_of(request).id)):
        return True
    messages.error(request, _("Many mails were sent in the last hour. Please go on a little later."))
    return False
