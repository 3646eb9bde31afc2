"""Where a client wants to hear of its calls: an endpoint of the client's own, its secret, and the events it wants.

HMS reports to us alone; what arrives is handed on from here. The secret is sealed and never shown.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from hms_client import webhooks
from inbox import hms_endpoints
from inbox.models import HmsEndpoint
from outside import guarded
from tenancy import schemas
from vault import envelope, key_shapes

# HMS waits for the answer to these.
ANSWERED = (webhooks.ASSISTANT_REQUEST, webhooks.TOOL_CALLS)
EVENTS = (*ANSWERED, webhooks.STATUS_UPDATE, webhooks.END_OF_CALL_REPORT)
SHORTEST_SECRET = 8
_LONGEST_SECRET = 500


class WrongTarget(ValueError):
    """This cannot be an endpoint. `field` is "url", "secret" or "events"; the message is for whoever typed it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint that hears of events, with the secret that signs what it is sent."""

    url: str
    secret: str = field(repr=False)
    events: tuple[str, ...]


def save(*, organization_id: UUID, url: str, secret: str, events: Collection[str]) -> None:
    """Set the endpoint of an organization of the agency we are in. A blank secret keeps the stored one.

    Raises WrongTarget, with the field.
    """
    check(url)
    chosen = [event for event in EVENTS if event in events]
    if not chosen:
        raise WrongTarget("events", _("Choose at least one event."))
    hms_endpoints.open_endpoint(organization_id=organization_id)
    row = _row(organization_id)
    changed: dict[str, object] = {"target_url": url, "target_events": chosen}
    if secret:
        changed |= _sealed(row, secret)
    elif row.target_secret_sealed is None:
        raise WrongTarget("secret", _("Give a secret. Your client's endpoint checks with it that the message is ours."))
    HmsEndpoint.objects.filter(pk=row.pk).update(**changed)


def adopt(*, organization_id: UUID, url: str, secret: str, events: Collection[str]) -> bool:
    """Keep the webhook that an assistant had at HMS as the endpoint here, if there is none; whether it was kept.

    Without a secret one is made up, since nothing leaves unsigned. Raises WrongTarget for an address we do not ask.
    """
    endpoint = hms_endpoints.open_endpoint(organization_id=organization_id)
    if find(organization_id=organization_id) is not None or endpoint.token in url:
        return False
    usable = secret if SHORTEST_SECRET <= len(secret) <= _LONGEST_SECRET else secrets.token_urlsafe(24)
    save(organization_id=organization_id, url=url, secret=usable, events=events or EVENTS)
    return True


def clear(*, organization_id: UUID) -> None:
    """Hand nothing on any more, and forget the secret."""
    mine = HmsEndpoint.objects.filter(agency_id=schemas.current_agency_id(), organization_id=organization_id)
    mine.update(target_url="", target_secret_sealed=None, target_secret_mask="", target_events=[])


def find(*, organization_id: UUID) -> HmsEndpoint | None:
    """The row with the endpoint as it may be shown: address, mask, events. None when none is set."""
    mine = HmsEndpoint.objects.filter(agency_id=schemas.current_agency_id(), organization_id=organization_id)
    return mine.exclude(target_url="").first()


def of(row: HmsEndpoint) -> Target | None:
    """The endpoint behind the row, with its secret; None when none is set."""
    if not row.target_url or row.target_secret_sealed is None:
        return None
    secret = envelope.unseal(
        row.target_secret_sealed,
        agency_id=row.agency_id,
        field=_field(row.organization_id),
        key=getattr(row.agency, "data_key", None),
    )
    return Target(row.target_url, secret, tuple(row.target_events))


def check(url: str) -> None:
    """See whether this can be an endpoint, as far as it shows. Raises WrongTarget, about "url"."""
    try:
        guarded.from_settings().check(url)
    except guarded.WrongAddress as error:
        raise WrongTarget("url", str(error)) from error
    host = (urlsplit(url).hostname or "").rstrip(".")
    if f".{host}".endswith(f".{settings.PLATFORM_HOST}"):
        raise WrongTarget("url", _("This address is the portal itself. Give the one of your client's own system."))


def wanting(row: HmsEndpoint, event: str) -> Target | None:
    """The endpoint, when one is set that wants this event."""
    return of(row) if event in row.target_events else None


def of_organization(organization_id: UUID) -> Target | None:
    """The endpoint of an organization of the agency we are in; None when none is set."""
    rows = HmsEndpoint.objects.select_related("agency__data_key").filter(agency_id=schemas.current_agency_id())
    row = rows.filter(organization_id=organization_id).first()
    return None if row is None else of(row)


def _row(organization_id: UUID) -> HmsEndpoint:
    return HmsEndpoint.objects.get(agency_id=schemas.current_agency_id(), organization_id=organization_id)


def _sealed(row: HmsEndpoint, secret: str) -> dict[str, object]:
    if not SHORTEST_SECRET <= len(secret) <= _LONGEST_SECRET:
        words = _("A secret has %(least)d to %(most)d characters.")
        raise WrongTarget("secret", words % {"least": SHORTEST_SECRET, "most": _LONGEST_SECRET})
    sealed = envelope.seal(secret, agency_id=row.agency_id, field=_field(row.organization_id))
    return {"target_secret_sealed": sealed, "target_secret_mask": key_shapes.mask(secret)}


def _field(organization_id: UUID) -> str:
    return f"hms_endpoint.{organization_id}.target_secret"
