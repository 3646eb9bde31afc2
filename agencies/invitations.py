"""Invitations into an agency's team: by e-mail, good for seven days, accepted once, by the address they were sent to.

The token is made from the invitation and its serial with the platform's key, so the job that sends the mail can make it
again, and the table holds its hash alone. Sending it again makes a new one, and the former lets nobody in.
"""

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies import link_tokens
from agencies.models import Agency, Invitation, Membership
from follow_ups import agenda
from people.models import User

KIND = "invitation"
GOOD_FOR = timedelta(days=7)
# Each is a mail to somebody who did not ask for it.
MOST_OPEN = 20
MOST_MAILS = 5
_OPEN = {"accepted_at": None, "revoked_at": None}


class InvitationRefused(ValueError):
    """This invitation cannot be made, sent again or accepted. The message is for whoever tried."""


class InvitationGone(LookupError):
    """The token opens nothing: it is unknown, used, revoked, replaced by a later one, or older than seven days."""


def invite(*, agency_id: int, email: str, role: Membership.Role, invited_by: dict[str, str]) -> Invitation:
    """Ask somebody to join, and have the mail sent. An invitation that has run out makes room for a new one.

    Raises InvitationRefused for somebody who is here or invited already, and for too many.
    """
    email, now = email.strip().lower(), timezone.now()
    try:
        with transaction.atomic():
            Agency.objects.select_for_update(no_key=True).get(pk=agency_id)
            _refuse_members(agency_id, email)
            Invitation.objects.filter(agency_id=agency_id, email=email, expires_at__lte=now, **_OPEN).update(
                revoked_at=now
            )
            if len(open_of(agency_id)) >= MOST_OPEN:
                raise InvitationRefused(_("%(most)d invitations are open. Revoke one first.") % {"most": MOST_OPEN})
            made = Invitation(agency_id=agency_id, email=email, role=role, invited_by=invited_by)
            _renew(made)
            made.save(force_insert=True)
            agenda.schedule(kind=KIND, subject=str(made.pk), agency_id=agency_id)
    except IntegrityError as error:
        raise InvitationRefused(_("This person is invited already. You can send the mail again.")) from error
    return made


def send_again(*, agency_id: int, invitation_id: UUID) -> Invitation:
    """Send a new mail with a new token and seven new days. Raises Invitation.DoesNotExist, and InvitationRefused."""
    with transaction.atomic():
        found = _locked_open(agency_id, invitation_id)
        if found.serial >= MOST_MAILS:
            raise InvitationRefused(
                _("The mail was sent %(most)d times. Revoke it and ask them.") % {"most": MOST_MAILS}
            )
        found.serial += 1
        _renew(found)
        found.sent_at = None
        found.save()
        agenda.schedule(kind=KIND, subject=str(found.pk), agency_id=agency_id)
    return found


def revoke(*, agency_id: int, invitation_id: UUID) -> Invitation:
    """Let nobody in by this invitation any more. Raises Invitation.DoesNotExist."""
    with transaction.atomic():
        found = _locked_open(agency_id, invitation_id)
        found.revoked_at = timezone.now()
        found.save(update_fields=["revoked_at"])
    return found


def open_of(agency_id: int) -> list[Invitation]:
    """Who was asked and has not answered, also when the seven days are over; the latest first."""
    return list(Invitation.objects.filter(agency_id=agency_id, **_OPEN).order_by("-created_at"))


def token_of(invitation: Invitation) -> str:
    """The token of the latest mail."""
    return link_tokens.token_of("agencies.invitations", f"{invitation.pk}:{invitation.serial}")


def find(token: str) -> Invitation:
    """The invitation that a token opens, with agency and brand. Raises InvitationGone."""
    found = Invitation.objects.select_related("agency", "agency__branding").filter(
        token_hash=link_tokens.hash_of(token), expires_at__gt=timezone.now(), agency__state=Agency.State.READY, **_OPEN
    )
    invitation = found.first()
    if invitation is None:
        raise InvitationGone
    return invitation


def accept(*, token: str, user: User) -> Membership:
    """Let in whoever is signed in with the address that was invited. Somebody who is in already stays as they are.

    Raises InvitationGone, and InvitationRefused for somebody with another address.
    """
    with transaction.atomic():
        invitation = Invitation.objects.select_for_update(of=("self",)).get(pk=find(token).pk)
        if invitation.token_hash != link_tokens.hash_of(token) or invitation.accepted_at or invitation.revoked_at:
            raise InvitationGone
        if user.email.lower() != invitation.email:
            raise InvitationRefused(_("This invitation is for %(email)s.") % {"email": invitation.email})
        invitation.accepted_at = timezone.now()
        invitation.save(update_fields=["accepted_at"])
        membership, _made = Membership.objects.get_or_create(
            agency_id=invitation.agency_id, user=user, defaults={"role": invitation.role}
        )
    return membership


def _renew(invitation: Invitation) -> None:
    invitation.token_hash = link_tokens.hash_of(token_of(invitation))
    invitation.expires_at = timezone.now() + GOOD_FOR


def _locked_open(agency_id: int, invitation_id: UUID) -> Invitation:
    return Invitation.objects.select_for_update().get(pk=invitation_id, agency_id=agency_id, **_OPEN)


def _refuse_members(agency_id: int, email: str) -> None:
    if Membership.objects.filter(agency_id=agency_id, user__email=email).exists():
        raise InvitationRefused(_("This person is in your team already."))
