"""Invitations: one mail, one token, seven days, one person."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from agencies import due_work, invitations
from agencies.models import Agency, Invitation, Membership
from follow_ups.models import FollowUp
from people.models import User
from portal.jobs import invitations as job
from tenancy import door

pytestmark = pytest.mark.django_db
BY = {"kind": "member", "id": "1", "email": "ada@acme.test"}


def invite(agency: Agency, email: str = "Mia@acme.test", role: Membership.Role = Membership.Role.MANAGER) -> Invitation:
    return invitations.invite(agency_id=agency.pk, email=email, role=role, invited_by=BY)


def person(email: str = "mia@acme.test") -> User:
    return User.objects.create_user(email)


def sent(invitation: Invitation) -> str:
    """The mail that the job sends now; "" for none."""
    before = len(mail.outbox)
    with door.enter(invitation.agency):
        job.send(str(invitation.pk))
    return mail.outbox[-1].body if len(mail.outbox) > before else ""


def test_the_mail_holds_the_token_and_the_table_does_not(acme: Agency) -> None:
    invitation = invite(acme)
    assert FollowUp.objects.filter(agency=acme, kind="invitation", subject=str(invitation.pk)).exists()
    token = invitations.token_of(invitation)
    assert "http://portal.localhost" in sent(invitation)
    assert f"/invitations/{token}/" in mail.outbox[-1].body
    assert token not in str(Invitation.objects.values().get())
    assert mail.outbox[-1].to == ["mia@acme.test"]


def test_a_mail_is_sent_once(acme: Agency) -> None:
    invitation = invite(acme)
    assert sent(invitation)
    assert not sent(invitation)


def test_whoever_was_invited_joins_in_that_role(acme: Agency) -> None:
    mia = person()
    membership = invitations.accept(token=invitations.token_of(invite(acme)), user=mia)
    assert (membership.agency_id, membership.role) == (acme.pk, "manager")


def test_a_token_is_good_once(acme: Agency) -> None:
    token, mia = invitations.token_of(invite(acme)), person()
    invitations.accept(token=token, user=mia)
    with pytest.raises(invitations.InvitationGone):
        invitations.accept(token=token, user=mia)


def test_a_token_is_of_no_use_to_another_address(acme: Agency) -> None:
    token = invitations.token_of(invite(acme))
    with pytest.raises(invitations.InvitationRefused, match=r"mia@acme\.test"):
        invitations.accept(token=token, user=person("eve@acme.test"))
    assert invitations.find(token).accepted_at is None


def test_a_token_is_good_for_seven_days(acme: Agency) -> None:
    invitation = invite(acme)
    assert abs(invitation.expires_at - timezone.now() - timedelta(days=7)) < timedelta(minutes=1)
    Invitation.objects.update(expires_at=timezone.now())
    with pytest.raises(invitations.InvitationGone):
        invitations.find(invitations.token_of(invitation))


def test_a_later_mail_replaces_the_former(acme: Agency) -> None:
    invitation = invite(acme)
    former = invitations.token_of(invitation)
    sent(invitation)
    again = invitations.send_again(agency_id=acme.pk, invitation_id=invitation.pk)
    assert invitations.token_of(again) in sent(again)
    with pytest.raises(invitations.InvitationGone):
        invitations.find(former)
    assert invitations.find(invitations.token_of(again)) == again


def test_a_mail_is_not_repeated_without_end(acme: Agency) -> None:
    invitation = invite(acme)
    for _time in range(invitations.MOST_MAILS - 1):
        invitations.send_again(agency_id=acme.pk, invitation_id=invitation.pk)
    with pytest.raises(invitations.InvitationRefused):
        invitations.send_again(agency_id=acme.pk, invitation_id=invitation.pk)


def test_what_was_revoked_is_neither_sent_nor_accepted(acme: Agency) -> None:
    invitation = invite(acme)
    invitations.revoke(agency_id=acme.pk, invitation_id=invitation.pk)
    assert not sent(invitation)
    with pytest.raises(invitations.InvitationGone):
        invitations.accept(token=invitations.token_of(invitation), user=person())


def test_one_person_is_invited_once_at_a_time(acme: Agency, globex: Agency) -> None:
    first = invite(acme)
    with pytest.raises(invitations.InvitationRefused, match="invited already"):
        invite(acme, "MIA@acme.test")
    invite(globex)
    invitations.revoke(agency_id=acme.pk, invitation_id=first.pk)
    invite(acme)


def test_an_invitation_that_ran_out_makes_room(acme: Agency) -> None:
    invite(acme)
    Invitation.objects.update(expires_at=timezone.now())
    assert invite(acme).revoked_at is None


def test_a_member_is_not_invited(acme: Agency) -> None:
    with pytest.raises(invitations.InvitationRefused, match="in your team already"):
        invite(acme, "ada@acme.test")


def test_there_is_an_end_to_open_invitations(acme: Agency) -> None:
    for number in range(invitations.MOST_OPEN):
        invite(acme, f"p{number}@acme.test")
    with pytest.raises(invitations.InvitationRefused, match="Revoke one first"):
        invite(acme, "one.more@acme.test")


def test_an_invitation_is_changed_by_its_own_agency_alone(acme: Agency, globex: Agency) -> None:
    invitation = invite(acme)
    for act in (invitations.send_again, invitations.revoke):
        with pytest.raises(Invitation.DoesNotExist):
            act(agency_id=globex.pk, invitation_id=invitation.pk)


def test_a_member_who_accepts_keeps_the_role(acme: Agency) -> None:
    token, mia = invitations.token_of(invite(acme)), person()
    Membership.objects.create(agency=acme, user=mia, role=Membership.Role.OWNER)
    assert invitations.accept(token=token, user=mia).role == "owner"


def test_a_mail_that_waits_is_found_again(acme: Agency) -> None:
    invitation = invite(acme)
    FollowUp.objects.all().delete()
    due_work.rebuild(acme)
    assert FollowUp.objects.filter(kind="invitation", subject=str(invitation.pk)).exists()
