"""A suspended client's assistants stop at HMS; reactivated, exactly those that were stopped go on again.

Which ones is written down before the first of them is switched off, so that none is forgotten and none that was off
before comes on. The press only moves states and asks for the work, which bears being done twice.
"""

from collections.abc import Mapping
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from clients.models import Client
from follow_ups import agenda
from hms_client import Forbidden, HMSClient, NotFound
from organizations import hms, reporting
from organizations.models import Organization

KIND = "suspension"


def suspend(*, client_id: UUID, actor: Mapping[str, str]) -> None:
    """Let the client call no more, in no direction. Nothing happens to one that is suspended."""
    _move(client_id, Client.State.SUSPENDED, actor)


def reactivate(*, client_id: UUID, actor: Mapping[str, str]) -> None:
    """Let the client call again. Nothing happens to one that is active."""
    _move(client_id, Client.State.ACTIVE, actor)


def schedule_if_suspended(organization_id: UUID) -> None:
    """Have the assistants switched off if the client was suspended before its organization was ready."""
    if is_due().filter(pk=organization_id).exists():
        agenda.schedule(kind=KIND, subject=str(organization_id))


def is_due() -> models.QuerySet[Organization]:
    """Organizations whose assistants are not yet as their client's state wants them."""
    keyed = Organization.objects.filter(api_key_sealed__isnull=False)
    is_begun = models.Q(state=Organization.State.SUSPENDED)
    is_on = models.Q(client__state=Client.State.SUSPENDED) & (~is_begun | models.Q(switched_off__is_done=False))
    is_off = models.Q(client__state=Client.State.ACTIVE) & is_begun
    return keyed.filter(is_on | is_off)


def settle(organization_id: UUID) -> None:
    """Bring the assistants at HMS to what the client's state wants.

    Talks to HMS: not to be called inside a transaction. Raises hms.NoKey or an hms_client.HMSError; may be tried again.
    """
    organization = Organization.objects.select_related("client").get(pk=organization_id)
    if organization.api_key_sealed is None:
        return
    with hms.for_organization(organization, retries=1) as client:
        if organization.client.state == Client.State.SUSPENDED:
            _switch_off(organization, client)
        elif organization.state == Organization.State.SUSPENDED:
            _switch_on(organization, client)
    reporting.forget(organization)


def _move(client_id: UUID, state: Client.State, actor: Mapping[str, str]) -> None:
    with transaction.atomic():
        client = Client.objects.select_for_update(no_key=True).get(pk=client_id)
        if client.state == state:
            return
        client.state, client.state_by, client.state_since = state, dict(actor), timezone.now()
        client.save(update_fields=["state", "state_by", "state_since"])
        organization = Organization.objects.filter(client_id=client_id).first()
        if organization is not None:
            agenda.schedule(kind=KIND, subject=str(organization.pk))


def _switch_off(organization: Organization, client: HMSClient) -> None:
    active = [row.id for row in client.assistants.list() if row.is_active is not False]
    if not _note(organization.pk, Client.State.SUSPENDED, add=active):
        return
    for assistant_id in active:
        _switch(client, assistant_id, is_active=False)
    _note(organization.pk, Client.State.SUSPENDED, is_done=True)


def _switch_on(organization: Organization, client: HMSClient) -> None:
    for assistant_id in organization.switched_off.get("ids", []):
        _switch(client, assistant_id, is_active=True)
        if not _note(organization.pk, Client.State.ACTIVE, remove=assistant_id):
            return
    _note(organization.pk, Client.State.ACTIVE, is_done=True)


def _switch(client: HMSClient, assistant_id: str, *, is_active: bool) -> None:
    """One that is gone at HMS answers nobody either way."""
    try:
        client.assistants.update(assistant_id, is_active=is_active)
    except (NotFound, Forbidden):
        return


def _note(
    organization_id: UUID,
    wanted: Client.State,
    *,
    add: list[str] | None = None,
    remove: str = "",
    is_done: bool = False,
) -> bool:
    """Write down how far it is; False, and nothing, when the client's state has changed meanwhile."""
    with transaction.atomic(durable=True):
        client_id = Organization.objects.values_list("client_id", flat=True).get(pk=organization_id)
        # The press locks the client first as well.
        if Client.objects.select_for_update(no_key=True).get(pk=client_id).state != wanted:
            return False
        row = Organization.objects.select_for_update(no_key=True).get(pk=organization_id)
        ids = [one for one in dict.fromkeys([*row.switched_off.get("ids", []), *(add or [])]) if one != remove]
        row.switched_off = {"ids": ids, "is_done": is_done}
        if wanted == Client.State.SUSPENDED and row.state == Organization.State.READY:
            row.state, row.state_since = Organization.State.SUSPENDED, timezone.now()
        elif wanted == Client.State.ACTIVE and is_done and row.state == Organization.State.SUSPENDED:
            row.state, row.state_since, row.switched_off = Organization.State.READY, timezone.now(), {}
        row.save(update_fields=["switched_off", "state", "state_since"])
    return True
