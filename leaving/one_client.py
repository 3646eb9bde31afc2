"""Erasing one client: the person goes everywhere, the ledger's sums stay, under a random id that leads to nobody.

The client is suspended first, so that nothing new comes. When calls are booked, payments are in and the assistants at
HMS are off, everything that names somebody goes in one transaction. Reactivating the client until then calls it off.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from agencies.models import ClientInvitation, ClientNote, ClientVisit, Discrepancy
from billing import wallets
from billing.models import Purchase
from calls import forgetting
from calls.models import Call, Hold
from clients.models import Client
from follow_ups import agenda
from follow_ups.models import FollowUp
from inbox import forgetting as payloads
from inbox.models import HmsEndpoint
from leaving import archive
from leaving.models import Export
from organizations import suspension
from organizations.models import Delivery, Document, Organization
from people.models import User
from tenancy import schemas
from vault.models import ApiToken

KIND = "erase_client"
# Nobody has an address there: the ending is reserved for that.
_NOWHERE = "erased.invalid"
_LOOKED_AT_AGAIN = timedelta(minutes=10)
_CLEARED = """
    hms_name state problem api_key_sealed api_key_mask former_webhooks custom_tools campaigns switched_off control
""".split()
# HMS may be away, or a bank slow: longer than this nobody waits for them.
LONGEST_WAIT = timedelta(days=14)


class NotTheAddress(ValueError):
    """What was typed is not the client's address. The message is for whoever typed it."""


def ask(*, client_id: UUID, typed: str, actor: Mapping[str, str], now: datetime) -> None:
    """Have a client erased as soon as nothing of it is on its way. Raises NotTheAddress, Client.DoesNotExist."""
    with transaction.atomic():
        client = Client.objects.select_for_update(no_key=True).get(pk=client_id)
        if typed.strip().lower() != client.email.lower():
            raise NotTheAddress(_("This is not %(email)s. Nothing was erased.") % {"email": client.email})
        if is_erased(client) or is_asked(client_id):
            return
        suspension.suspend(client_id=client_id, actor=actor)
        agenda.schedule(kind=KIND, subject=f"{client_id}:{int(now.timestamp())}")


def is_asked(client_id: UUID) -> bool:
    """Whether the client is about to be erased."""
    waiting = FollowUp.objects.filter(agency_id=schemas.current_agency_id(), kind=KIND)
    return waiting.filter(subject__startswith=f"{client_id}:").exists()


def is_erased(client: Client) -> bool:
    """Whether nobody is behind this client any more."""
    return client.email.endswith(f"@{_NOWHERE}")


def go_on(*, client_id: UUID, asked_at: datetime, now: datetime) -> datetime | None:
    """Erase the client, or say when to look again. None when it is done, or called off by reactivating the client."""
    client = Client.objects.get(pk=client_id)
    if client.state != Client.State.SUSPENDED:
        return None
    if now < asked_at + LONGEST_WAIT and is_busy(client_id):
        return now + _LOOKED_AT_AGAIN
    _erase(client_id, now)
    return None


def is_busy(client_id: UUID) -> bool:
    """Whether something of the client is on its way: a call, a payment, assistants that are being switched off."""
    mine = Q(organization__client_id=client_id)
    return (
        Hold.objects.filter(mine, released_at=None).exists()
        or Call.objects.filter(mine, booked_at=None).exists()
        or Purchase.objects.filter(client_id=client_id, state=Purchase.State.PENDING, awaiting_bank=True).exists()
        or suspension.is_due().filter(client_id=client_id).exists()
    )


def _erase(client_id: UUID, now: datetime) -> None:
    agency_id = schemas.current_agency_id()
    with transaction.atomic():
        # Booking takes the same lock, and finds the client as it is before or after.
        wallets.lock(client_id)
        client = Client.objects.select_for_update(no_key=True).get(pk=client_id)
        if client.state != Client.State.SUSPENDED:
            return
        _messages(agency_id, client)
        _people(client)
        for organization in Organization.objects.filter(client_id=client_id):
            _organization(agency_id, organization, now)
        Purchase.objects.filter(client_id=client_id).update(created_by="", receipt_url="", stripe_session_url="")
        ApiToken.objects.filter(agency_id=agency_id, client_id=client_id).delete()
        _what_the_team_kept(agency_id, client)
        nobodys = Discrepancy.objects.filter(agency_id=agency_id, client_id=client_id)
        nobodys.update(facts={}, words=_("Of a client that was erased."))
        _archives(agency_id, client_id)
        client.name = _("Erased client %(id)s") % {"id": str(client_id)[:8]}
        client.email = f"{client_id}@{_NOWHERE}"
        client.limits = {}
        client.save(update_fields=["name", "email", "limits"])


def _what_the_team_kept(agency_id: int, client: Client) -> None:
    """Notes, whom the invitations went to, and who looked, with the reasons. The audit log says that it was so."""
    ClientNote.objects.filter(agency_id=agency_id, client_id=client.pk).delete()
    ClientVisit.objects.filter(agency_id=agency_id, client_id=client.pk).delete()
    theirs = Q(client_id=client.pk) | Q(email__iexact=client.email)
    ClientInvitation.objects.filter(theirs, agency_id=agency_id).delete()


def _people(client: Client) -> None:
    """Whoever signed in for it: the rows stay, because people are never deleted, and are nobody's."""
    mine = User.objects.filter(client_member__client_id=client.pk)
    ids = list(mine.values_list("pk", flat=True))
    EmailAddress.objects.filter(user_id__in=ids).delete()
    Authenticator.objects.filter(user_id__in=ids).delete()
    for user in mine:
        user.email, user.name, user.is_active, user.last_login = f"{user.pk}@{_NOWHERE}", "", False, None
        user.set_unusable_password()
        user.save()


def _organization(agency_id: int, organization: Organization, now: datetime) -> None:
    """Its key, its endpoint, its documents, its tools, and the numbers of its calls."""
    forgetting.forget_all(organization, now)
    Call.objects.filter(organization=organization).update(own_number="", assistant_name="", end_reason="")
    Hold.objects.filter(organization=organization).update(actor={})
    Document.objects.filter(organization=organization).delete()
    Delivery.objects.filter(organization=organization).delete()
    HmsEndpoint.objects.filter(agency_id=agency_id, organization_id=organization.pk).delete()
    FollowUp.objects.filter(agency_id=agency_id, subject__startswith=str(organization.pk)).delete()
    # HMS's own id stays: it is what the agency removes it by at HMS.
    organization.hms_name = f"erased {organization.pk}"
    organization.state, organization.problem = Organization.State.SUSPENDED, ""
    organization.api_key_sealed, organization.api_key_mask = None, ""
    organization.former_webhooks = organization.custom_tools = organization.campaigns = {}
    organization.switched_off = organization.control = {}
    organization.save(update_fields=_CLEARED)


def _messages(agency_id: int, client: Client) -> None:
    """Stripe's messages about it, in which its people stand."""
    bought = Purchase.objects.filter(client_id=client.pk)
    ids = bought.values_list("pk", "stripe_session_id", "stripe_payment_intent_id")
    naming = {client.email, *(str(each) for row in ids for each in row if each)}
    payloads.empty_naming(agency_id=agency_id, texts=sorted(naming))


def _archives(agency_id: int, client_id: UUID) -> None:
    """Every archive that it stands in, also one that is being written; the agency makes another one."""
    mine = Export.objects.filter(Q(client_id=client_id) | Q(client_id=None), agency_id=agency_id)
    gone = list(mine.exclude(state=Export.State.GONE).values_list("pk", flat=True))
    mine.update(state=Export.State.GONE)

    def remove() -> None:
        for each in gone:
            archive.remove(each)

    transaction.on_commit(remove)
