"""Invitations of clients: once, for fourteen days, on one portal, and credits that are given once."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from agencies import allocation, client_invitations, due_work
from agencies.arrivals import arrive
from agencies.client_invitations import AlreadyClient, InvitationGone, InvitationRefused
from agencies.models import Agency, ClientInvitation
from billing import wallets
from clients.models import Client
from follow_ups.models import FollowUp
from people.models import User
from tenancy import door

pytestmark = pytest.mark.django_db
ACTOR = {"kind": "member", "id": "1", "email": "ada@acme.test"}


def invite(email: str = "zoe@new.test", credits: int = 0) -> ClientInvitation:
    return client_invitations.invite(email=email, name=" Zoe  Zeta ", credits=credits, invited_by=ACTOR)


def accept(invitation: ClientInvitation) -> tuple[User, Client]:
    token = client_invitations.token_of(invitation)
    return client_invitations.accept(token=token, name="Zoe", password="a long enough password")


def test_who_accepts_is_a_client_with_a_proved_address_and_the_credits(inside_acme: Agency) -> None:
    made = invite(" ZOE@new.test", credits=5)
    assert (made.email, made.name) == ("zoe@new.test", "Zoe Zeta")
    assert FollowUp.objects.filter(kind="client_invitation", subject=str(made.pk)).exists()
    user, client = accept(made)
    assert user.check_password("a long enough password")
    assert EmailAddress.objects.get(user=user).verified
    assert wallets.get(client.pk).balance == 300
    made.refresh_from_db()
    assert made.client_id == client.pk
    with pytest.raises(InvitationGone):
        accept(made)
    assert client_invitations.pending() == []


def test_a_sign_up_that_stopped_at_the_code_is_finished_with_the_new_password(inside_acme: Agency) -> None:
    begun = User.objects.create_user("zoe@new.test", "typed by somebody else")
    EmailAddress.objects.create(user=begun, email=begun.email, verified=False, primary=True)
    user, _client = accept(invite())
    assert user.pk == begun.pk
    assert not user.check_password("typed by somebody else")
    assert EmailAddress.objects.get(user=user).verified


def test_a_client_is_not_invited_and_one_who_came_meanwhile_is_told(inside_acme: Agency) -> None:
    arrive(user=User.objects.create_user("ben@client.test"), name="Ben")
    with pytest.raises(AlreadyClient):
        invite("BEN@client.test")
    made = invite()
    arrive(user=User.objects.create_user("zoe@new.test"), name="Zoe")
    with pytest.raises(AlreadyClient):
        accept(made)


def test_somebody_who_was_switched_off_is_not_let_in_by_a_mail(inside_acme: Agency) -> None:
    User.objects.create_user("zoe@new.test", is_active=False)
    with pytest.raises(InvitationRefused):
        accept(invite())


def test_a_link_is_dead_after_a_new_mail_a_withdrawal_or_fourteen_days(inside_acme: Agency) -> None:
    made = invite()
    before = client_invitations.token_of(made)
    client_invitations.send_again(invitation_id=made.pk)
    made.refresh_from_db()
    with pytest.raises(InvitationGone):
        client_invitations.find(before)
    ClientInvitation.objects.filter(pk=made.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(InvitationGone):
        accept(made)
    fresh = invite()
    assert fresh.pk != made.pk
    assert timedelta(days=13, hours=23) < fresh.expires_at - timezone.now() < timedelta(days=14, seconds=1)
    client_invitations.withdraw(invitation_id=fresh.pk)
    with pytest.raises(InvitationGone):
        accept(fresh)


def test_an_invitation_opens_nothing_at_another_agency(acme: Agency, globex: Agency) -> None:
    with door.enter(acme):
        made = invite()
    with door.enter(globex), pytest.raises(InvitationGone):
        accept(made)
    with door.enter(globex), pytest.raises(ClientInvitation.DoesNotExist):
        client_invitations.withdraw(invitation_id=made.pk)


def test_nobody_is_invited_twice_or_written_to_without_end(inside_acme: Agency) -> None:
    made = invite()
    with pytest.raises(InvitationRefused):
        invite()
    for _time in range(client_invitations.MOST_MAILS - 1):
        client_invitations.send_again(invitation_id=made.pk)
    with pytest.raises(InvitationRefused):
        client_invitations.send_again(invitation_id=made.pk)


def test_credits_out_of_bounds_are_refused(inside_acme: Agency) -> None:
    for number in (-1, allocation.most_credits() + 1):
        with pytest.raises(InvitationRefused):
            invite(credits=number)


def test_a_lost_mail_is_asked_for_again(acme: Agency) -> None:
    with door.enter(acme):
        made = invite()
    FollowUp.objects.all().delete()
    due_work.rebuild(acme)
    assert FollowUp.objects.filter(kind="client_invitation", subject=str(made.pk)).exists()
