"""Team: who works for the agency and as what, who is invited, and handing the agency over.

People of an agency are in public, so all of this stays there.
"""

from typing import Any
from uuid import UUID

from allauth.core import ratelimit
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from agencies import invitations, team
from agencies.models import Invitation, Membership, OwnershipOffer
from portal import wording
from portal.dashboard import facts
from portal.dashboard.audited import audited
from portal.dashboard.entrance import stays_in_public
from portal.dashboard.forms import refuse
from portal.dashboard.gate import asks_again
from portal.dashboard.roles import actor_of, agency_of, owner_changes
from portal.dashboard.team_forms import BoundForm, InviteForm, RoleForm


@stays_in_public
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Everybody who works here, and everybody who was asked to."""
    return _page(request)


@asks_again
@stays_in_public
@require_POST
@owner_changes
@audited("team.invited", of=facts.team)
def invite(request: HttpRequest) -> HttpResponse:
    """Ask somebody to join."""
    too_many: HttpResponse | None = ratelimit.consume_or_429(request, action="invite_member")
    if too_many:
        return too_many
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    email, role = form.cleaned_data["email"], Membership.Role(form.cleaned_data["role"])
    try:
        invitations.invite(
            agency_id=agency_of(request).pk, email=email, role=role, invited_by=actor_of(request).as_json()
        )
    except invitations.InvitationRefused as error:
        refuse(form, "email", str(error))
        return _page(request, form)
    messages.success(request, _("A mail is on its way to %(email)s. It works for seven days.") % {"email": email})
    return _back(request)


@asks_again
@stays_in_public
@require_POST
@owner_changes
@audited("team.invited_again")
def invite_again(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Send the mail once more; the former one lets nobody in any more."""
    try:
        found = invitations.send_again(agency_id=agency_of(request).pk, invitation_id=invitation_id)
    except Invitation.DoesNotExist as error:
        raise Http404 from error
    except invitations.InvitationRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Another mail is on its way to %(email)s.") % {"email": found.email})
    return _back(request)


@asks_again
@stays_in_public
@require_POST
@owner_changes
@audited("team.invitation_revoked", of=facts.team)
def revoke(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Take an invitation back."""
    try:
        found = invitations.revoke(agency_id=agency_of(request).pk, invitation_id=invitation_id)
    except Invitation.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("The invitation of %(email)s lets nobody in any more.") % {"email": found.email})
    return _back(request)


@asks_again
@stays_in_public
@require_POST
@owner_changes
@audited("team.role_changed", of=facts.team)
def change_role(request: HttpRequest, member_id: int) -> HttpResponse:
    """Give a member another role, oneself as well."""
    member = get_object_or_404(Membership, pk=member_id, agency_id=agency_of(request).pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose one of the roles."))
        return _back(request)
    role = Membership.Role(form.cleaned_data["role"])
    try:
        member = team.change_role(agency_id=member.agency_id, member_id=member.pk, role=role)
    except team.LastOwner as error:
        messages.error(request, str(error))
    else:
        words = _("%(name)s has the role %(role)s now.")
        messages.success(request, words % {"name": member.user.get_full_name(), "role": role.label})
    return _back(request)


@asks_again
@stays_in_public
@require_POST
@owner_changes
@audited("team.removed", of=facts.team)
def remove(request: HttpRequest, member_id: int) -> HttpResponse:
    """Let a member in no more."""
    return _removed(request, member_id, _("%(name)s cannot open this dashboard any more."))


@asks_again
@stays_in_public
@require_POST
@audited("team.left", of=facts.team)
def leave(request: HttpRequest) -> HttpResponse:
    """Leave the team oneself, in whatever role."""
    mine = Membership.objects.get(agency_id=agency_of(request).pk, user_id=actor_of(request).id)
    return _removed(request, mine.pk, _("You have left the team of %(agency)s."))


@asks_again
@stays_in_public
@require_POST
@owner_changes
@audited("ownership.offered", of=facts.team)
def offer(request: HttpRequest, member_id: int) -> HttpResponse:
    """Offer the agency to somebody, who has to agree."""
    try:
        made = team.offer_ownership(
            agency_id=agency_of(request).pk, by_user_id=actor_of(request).id, member_id=member_id
        )
    except Membership.DoesNotExist as error:
        raise Http404 from error
    except team.NotYours as error:
        messages.error(request, str(error))
    else:
        words = _("Offered. When %(name)s agrees on this page, you change places.")
        messages.success(request, words % {"name": made.offered_to.user.get_full_name()})
    return _back(request)


@asks_again
@stays_in_public
@require_POST
@audited("ownership.answered", of=facts.team)
def answer(request: HttpRequest) -> HttpResponse:
    """Take an offer, or end it: whoever it was made to, or who made it."""
    accepts = request.POST.get("answer") == "yes"
    try:
        team.answer_offer(agency_id=agency_of(request).pk, user_id=actor_of(request).id, accepts=accepts)
    except OwnershipOffer.DoesNotExist:
        messages.info(request, _("This offer is not there any more."))
    except team.NotYours as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("You own this agency now.") if accepts else _("The offer is ended."))
    return _back(request)


@asks_again
@stays_in_public
@require_POST
@owner_changes
@audited("team.bound_changed", of=facts.agency)
def bound(request: HttpRequest) -> HttpResponse:
    """Say from how many credits on whoever gives them is asked again who they are."""
    form = BoundForm(request.POST)
    if form.is_valid():
        try:
            team.ask_above(agency_id=agency_of(request).pk, credits=form.cleaned_data["credits"])
        except team.OutOfBounds as error:
            refuse(form, "credits", str(error))
        else:
            messages.success(request, _("Saved."))
            return _back(request)
    return _page(request, bound_form=form)


def _removed(request: HttpRequest, member_id: int, words: str) -> HttpResponse:
    agency = agency_of(request)
    try:
        member = team.remove(agency_id=agency.pk, member_id=member_id)
    except Membership.DoesNotExist as error:
        raise Http404 from error
    except team.LastOwner as error:
        messages.error(request, str(error))
        return _back(request)
    named = {"name": member.user.get_full_name(), "agency": agency.branding.company_name}
    messages.success(request, words % named)
    is_me = str(member.user_id) == actor_of(request).id
    return redirect("platform:agencies") if is_me else _back(request)


def _page(request: HttpRequest, form: InviteForm | None = None, *, bound_form: BoundForm | None = None) -> HttpResponse:
    agency_id, me = agency_of(request).pk, actor_of(request).id
    bound = agency_of(request).asks_again_above_credits
    offered = OwnershipOffer.objects.select_related("offered_by__user", "offered_to__user").filter(agency_id=agency_id)
    context = {
        "members": [_row(member, me) for member in team.members(agency_id)],
        "invited": [_invited(each) for each in invitations.open_of(agency_id)],
        "roles": Membership.Role.choices,
        "form": form or InviteForm(),
        "bound_form": bound_form or BoundForm(initial={"credits": bound}),
        "offer": offered.first(),
        "me": me,
        "nav": "team",
        "section": "team",
    }
    return render(request, "dashboard/team.html", context)


def _row(member: Membership, me: str) -> dict[str, Any]:
    tones = {Membership.Role.OWNER: "brand"}
    return {
        "member": member,
        "name": member.user.get_full_name(),
        "tone": tones.get(Membership.Role(member.role), "neutral"),
        "since": wording.day(wording.day_of(member.created_at)),
        "is_me": str(member.user_id) == me,
    }


def _invited(invitation: Invitation) -> dict[str, Any]:
    is_over = invitation.expires_at <= timezone.now()
    words = _("ran out %(when)s") if is_over else _("works until %(when)s")
    return {
        "invitation": invitation,
        "is_over": is_over,
        "meta": " · ".join([invitation.get_role_display(), words % {"when": wording.moment(invitation.expires_at)}]),
    }


def _back(request: HttpRequest) -> HttpResponse:
    return redirect("dashboard:team", slug=agency_of(request).slug)
