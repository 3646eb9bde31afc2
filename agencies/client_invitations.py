"""Invitations to an agency's portal: by e-mail, good for fourteen days, accepted once, on that portal alone.

The token is made from the invitation and its serial with the platform's key, so the job that sends the mail can make it
again, and the table holds its hash alone. Whoever opens the link has proved the address: they become a client with it,
without a code. In the agency's schema.
"""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies import allocation, arrivals, link_tokens
from agencies.models import Agency, ClientInvitation
from billing import credits as units
from clients.models import Client, ClientMember
from follow_ups import agenda
from people.models import User
from tenancy import schemas

KIND = "client_invitation"
GOOD_FOR = timedelta(days=14)
# Each is a mail to somebody who did not ask for it.
MOST_OPEN = 200
MOST_MAILS = 5
_OPEN = {"accepted_at": None, "withdrawn_at": None}


class InvitationRefused(ValueError):
    """It cannot be made, sent again or accepted. `field` is the form's field; the message is for whoever tried."""

    def __init__(self, field: str, sentence: str) -> None:
        self.field = field
        super().__init__(sentence)


class AlreadyClient(InvitationRefused):
    """Somebody with this address is a client here."""


class InvitationGone(LookupError):
    """The token opens nothing here: unknown, used, withdrawn, replaced, too old, or another agency's."""


def invite(*, email: str, name: str, credits: int, invited_by: Mapping[str, str]) -> ClientInvitation:
    """Ask somebody to become a client, and have the mail sent. One that has run out makes room for a new one.

    `credits` are given when it is accepted, 0 for none. Raises AlreadyClient, and InvitationRefused for somebody who is
    invited, for too many, and for credits out of bounds.
    """
    agency_id, email, now = schemas.current_agency_id(), email.strip().lower(), timezone.now()
    if not 0 <= credits <= allocation.most_credits():
        raise InvitationRefused(
            "credits", _("At most %(most)s credits at once.") % {"most": f"{allocation.most_credits():,}"}
        )
    try:
        with transaction.atomic():
            Agency.objects.select_for_update(no_key=True).get(pk=agency_id)
            if _is_client(email):
                raise AlreadyClient("email", _("This person is your client already. You find them in the table."))
            _all_open().filter(email=email, expires_at__lte=now).update(withdrawn_at=now)
            if _all_open().count() >= MOST_OPEN:
                raise InvitationRefused(
                    "email", _("%(most)d invitations are open. Withdraw some first.") % {"most": MOST_OPEN}
                )
            made = ClientInvitation(
                agency_id=agency_id,
                email=email,
                name=" ".join(name.split()),
                credits=credits,
                invited_by=dict(invited_by),
            )
            _renew(made)
            made.save(force_insert=True)
            agenda.schedule(kind=KIND, subject=str(made.pk))
    except IntegrityError as error:
        raise InvitationRefused("email", _("This person is invited already. You can send the mail again.")) from error
    return made


def send_again(*, invitation_id: UUID) -> ClientInvitation:
    """Send a new mail with a new token and fourteen new days; the former link is dead.

    Raises ClientInvitation.DoesNotExist, and InvitationRefused after the fifth mail.
    """
    with transaction.atomic():
        found = _all_open().select_for_update(no_key=True).get(pk=invitation_id)
        if found.serial >= MOST_MAILS:
            raise InvitationRefused(
                "", _("The mail was sent %(most)d times. Withdraw it and ask them.") % {"most": MOST_MAILS}
            )
        found.serial += 1
        _renew(found)
        found.sent_at = None
        found.save()
        agenda.schedule(kind=KIND, subject=str(found.pk))
    return found


def withdraw(*, invitation_id: UUID) -> ClientInvitation:
    """Let nobody in by this invitation any more. Raises ClientInvitation.DoesNotExist."""
    with transaction.atomic():
        found = _all_open().select_for_update(no_key=True).get(pk=invitation_id)
        found.withdrawn_at = timezone.now()
        found.save(update_fields=["withdrawn_at"])
    return found


def pending(*, limit: int = MOST_OPEN) -> list[ClientInvitation]:
    """Who was asked and has not come, also when the fourteen days are over; the latest first."""
    return list(_all_open().order_by("-created_at")[:limit])


def token_of(invitation: ClientInvitation) -> str:
    """The token of the latest mail."""
    said = f"{invitation.agency_id}:{invitation.pk}:{invitation.serial}"
    return link_tokens.token_of("agencies.client_invitations", said)


def find(token: str) -> ClientInvitation:
    """The invitation that a token opens on this agency's portal. Raises InvitationGone."""
    found = _all_open().filter(token_hash=link_tokens.hash_of(token), expires_at__gt=timezone.now()).first()
    if found is None:
        raise InvitationGone
    return found


def is_client(invitation: ClientInvitation) -> bool:
    """Whether whoever is invited signed up by themselves meanwhile."""
    return _is_client(invitation.email)


def accept(*, token: str, name: str, password: str) -> tuple[User, Client]:
    """Make whoever holds the link a client with the invited address, proved, this password and the invited credits.

    A sign-up of theirs that stopped at the code is finished by it. All of it in one transaction, once. Raises
    InvitationGone, AlreadyClient, and InvitationRefused for somebody who was switched off.
    """
    try:
        return _accepted(token, name, password)
    except IntegrityError:
        # They signed up by the form in the same moment: now they are there.
        return _accepted(token, name, password)


def _accepted(token: str, name: str, password: str) -> tuple[User, Client]:
    with transaction.atomic():
        found = ClientInvitation.objects.select_for_update(no_key=True).get(pk=find(token).pk)
        if found.token_hash != link_tokens.hash_of(token) or found.accepted_at or found.withdrawn_at:
            raise InvitationGone
        if _is_client(found.email):
            raise AlreadyClient("", _("You are a client here already. Sign in as you always do."))
        user = _person(found.email, name=name, password=password)
        client = arrivals.arrive(user=user, name=name)
        if found.credits:
            allocation.allocate(
                client_id=client.pk,
                seconds=units.to_seconds(found.credits),
                description=_("Welcome"),
                form_token=found.pk,
                actor=found.invited_by,
            )
        found.accepted_at, found.client_id = timezone.now(), client.pk
        found.save(update_fields=["accepted_at", "client_id"])
    return user, client


def _person(email: str, *, name: str, password: str) -> User:
    """The person with this address, proved. What was typed by whoever began with it and never proved it is replaced."""
    user = User.objects.filter(email=email).select_for_update().first() or User(email=email)
    if not user.is_active:
        raise InvitationRefused("", _("This address cannot be used here. Please ask whoever invited you."))
    user.name = name
    user.set_password(password)
    user.save()
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _is_client(email: str) -> bool:
    proved = EmailAddress.objects.filter(email__iexact=email, verified=True).values("user_id")
    return (
        ClientMember.objects.filter(user__email__iexact=email).exists()
        or ClientMember.objects.filter(user_id__in=proved).exists()
    )


def _renew(invitation: ClientInvitation) -> None:
    invitation.token_hash = link_tokens.hash_of(token_of(invitation))
    invitation.expires_at = timezone.now() + GOOD_FOR


def _all_open() -> QuerySet[ClientInvitation]:
    return ClientInvitation.objects.filter(agency_id=schemas.current_agency_id(), **_OPEN)
