"""A client's organization at HMS: wanted, requested, ready. HMS is asked to make it exactly once.

HMS shows the key of an organization in the answer that made it and never again, and takes no idempotency key. So the
request is a committed row before it leaves, and a lost answer is never followed by another request until HMS's own list
has shown, for a while, that there is nothing under that name.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clients.models import Client
from follow_ups import agenda
from hms_client import Forbidden, HMSError, InvalidArgument, StatusError, Unauthorized
from hms_client import Organization as HmsOrganization
from organizations import hms
from organizations.models import Organization
from tenancy import schemas
from vault import envelope, key_shapes
from vault.models import HMSConnection

log = logging.getLogger(__name__)
State = Organization.State
KIND = "organization"
# Longer than any request of ours can take: a request found older than this has lost its sender.
_ANSWER_WITHIN = timedelta(seconds=60)
# How long HMS's list must not have shown the name before it may be asked to make the organization again.
_GRACE = timedelta(minutes=5)
_LOOK_AGAIN = timedelta(seconds=20)
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(hours=1)


class WrongKey(ValueError):
    """The key that was pasted is not this organization's. The message is for the person who pasted it."""


def want(client: Client) -> Organization:
    """The client's organization; noted as wanted, and put on the agenda, when there is none yet."""
    with transaction.atomic():
        organization, is_new = Organization.objects.get_or_create(
            client_id=client.pk, defaults={"hms_name": _name_for(client)}
        )
        if is_new:
            agenda.schedule(kind=KIND, subject=str(organization.pk))
    return organization


def try_again(organization_id: UUID) -> None:
    """Look after the organization now instead of when its pause is over. Harmless at any time."""
    agenda.schedule(kind=KIND, subject=str(organization_id))


def provision(organization_id: UUID) -> datetime | None:
    """Take the organization one step further; when to be called again, or None when nothing is left to do.

    Talks to HMS: raises RuntimeError when called inside a transaction.
    """
    organization, is_ours_to_request = _claim(organization_id)
    if is_ours_to_request:
        return _request(organization)
    if organization.state == State.REQUESTED:
        lost_at: datetime = organization.state_since + _ANSWER_WITHIN
        return lost_at
    if organization.state == State.UNCLEAR and organization.hms_id is None:
        return _look_for(organization)
    return None


def paste_key(organization_id: UUID, key: str) -> Organization:
    """Take the key that the agency found at HMS for an organization whose answer was lost. Proved before it is kept.

    Raises WrongKey. Talks to HMS: raises RuntimeError when called inside a transaction.
    """
    with transaction.atomic(durable=True):
        organization = Organization.objects.get(pk=organization_id)
    if organization.state != State.UNCLEAR or organization.hms_id is None:
        raise WrongKey(_("This organization does not wait for a key."))
    found = _organization_of(key.strip())
    if found.id != organization.hms_id:
        raise WrongKey(_("This key belongs to “%(name)s”, another organization.") % {"name": found.name})
    return _keep(organization, hms_id=found.id, key=key.strip())


def _claim(organization_id: UUID) -> tuple[Organization, bool]:
    """The organization, and whether the request to HMS is this caller's to make. Committed before it returns."""
    with transaction.atomic(durable=True):
        organization = Organization.objects.select_for_update(no_key=True).get(pk=organization_id)
        if organization.state == State.WANTED:
            _move(organization, State.REQUESTED)
            return organization, True
        if organization.state == State.REQUESTED and timezone.now() - organization.state_since > _ANSWER_WITHIN:
            _move(organization, State.UNCLEAR, problem=_("The answer of HMS was lost."))
        return organization, False


def _request(organization: Organization) -> datetime | None:
    parent_id = _parent_id()
    try:
        if parent_id is None:
            raise hms.NoKey(_("The agency is not connected to HMS."))
        with hms.for_agency() as client:
            created = client.organizations.create(name=organization.hms_name, parent_org_id=parent_id)
    except (HMSError, hms.NoKey) as error:
        if isinstance(error, HMSError) and error.outcome_unknown:
            log.warning("answer lost while making organization %s: %s", organization.pk, type(error).__name__)
            return _doubt(organization)
        return _wait(organization, error)
    if created.parent_org_id != parent_id:
        log.error("HMS made organization %s under another parent than ours", organization.pk)
    _keep(organization, hms_id=created.id, key=created.api_key)
    return None


def _look_for(organization: Organization) -> datetime | None:
    """Look for the name among the agency's organizations at HMS."""
    with hms.for_agency() as client:
        children = client.organizations.get(include_children=True).children or ()
    found = next((child for child in children if child.name == organization.hms_name), None)
    if found is None and timezone.now() - organization.state_since < _GRACE:
        return timezone.now() + _LOOK_AGAIN
    with transaction.atomic():
        row = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        if row.state != State.UNCLEAR or row.hms_id is not None:
            return None
        if found is None:
            _move(row, State.WANTED)
            return timezone.now()
        row.hms_id = found.id
        row.problem = _("HMS made this organization, but its key was lost on the way. Please paste the key.")
        row.save(update_fields=["hms_id", "problem"])
    return None


def _keep(organization: Organization, *, hms_id: str, key: str) -> Organization:
    """Seal the key and be ready, in one step. A key in hand counts, whatever the row was thought to be meanwhile."""
    with transaction.atomic():
        row = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        if row.api_key_sealed is not None:
            log.error("organization %s has a key already; HMS's %s is left alone", row.pk, hms_id)
            return row
        row.hms_id, row.api_key_mask, row.refusals = hms_id, key_shapes.mask(key), 0
        row.api_key_sealed = envelope.seal(key, agency_id=schemas.current_agency_id(), field=hms.key_field(row))
        _move(row, State.READY)
        agenda.schedule(kind=KIND, subject=str(row.pk))
        agenda.schedule(kind="sync_calls", subject=str(row.pk))
    return row


def _doubt(organization: Organization) -> datetime:
    with transaction.atomic():
        row = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        if row.state == State.REQUESTED:
            _move(row, State.UNCLEAR, problem=_("The answer of HMS was lost. We are looking whether it was done."))
    return timezone.now()


def _wait(organization: Organization, error: Exception) -> datetime:
    """HMS said no, or was never reached: nothing was made. The pause doubles with each refusal, up to an hour."""
    with transaction.atomic():
        row = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        if row.state == State.REQUESTED:
            row.refusals += 1
            _move(row, State.WANTED, problem=_in_words(error))
    pause = min(_FIRST_PAUSE * (1 << min(row.refusals, 12)), _LONGEST_PAUSE)
    return timezone.now() + pause


def _move(row: Organization, state: Organization.State, *, problem: str = "") -> None:
    row.state, row.state_since, row.problem = state, timezone.now(), problem[:500]
    row.save()


def _in_words(error: Exception) -> str:
    if isinstance(error, Unauthorized):
        return _("HMS does not accept the agency's key any more. Please paste a new one.")
    if isinstance(error, StatusError):
        return _("HMS refused: %(reason)s") % {"reason": str(error).partition(": ")[2]}
    return str(error) if isinstance(error, hms.NoKey) else _("HMS could not be reached.")


def _organization_of(key: str) -> HmsOrganization:
    try:
        with hms.with_key(key) as client:
            return client.organizations.get()
    except (Unauthorized, Forbidden, InvalidArgument) as error:
        raise WrongKey(_("HMS does not accept this key. Please copy it again.")) from error
    except HMSError as error:
        raise WrongKey(_("HMS could not be asked about this key. Please try again in a minute.")) from error


def _parent_id() -> str | None:
    connection = HMSConnection.objects.filter(agency_id=schemas.current_agency_id()).first()
    return connection.organization_id if connection else None


def _name_for(client: Client) -> str:
    """The client's name with a piece of its id: unique at HMS, and still to be recognised there."""
    readable = " ".join("".join(each if each.isprintable() else " " for each in client.name).split())
    return f"{readable or 'Client'} {client.pk.hex[:12]}"
