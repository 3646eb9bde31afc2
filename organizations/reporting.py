"""Where an assistant reports to: our own endpoint, or, for one that was made elsewhere, an address of its maker's.

Connecting such an assistant keeps its former address before HMS is asked to change it, so that it can never be lost.
It becomes the endpoint of the client, which hears of everything that HMS reports, when the client has none yet.
"""

import base64
import json
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from domains import links
from hms_client import Assistant
from inbox import hms_endpoints, hms_targets
from organizations import hms
from organizations.models import Organization
from tenancy import schemas
from vault import envelope

EVENTS = hms_targets.EVENTS
_ENDPOINT = "/api/webhooks/hms/{token}"


@dataclass(frozen=True, slots=True)
class Former:
    """Where an assistant reported to before it was connected, and what it told there."""

    url: str
    secret: str
    events: tuple[str, ...]

    def __repr__(self) -> str:
        return "Former(***)"


class Way(StrEnum):
    """What becomes of the reports that an assistant sent elsewhere before."""

    THERE = "there"
    # The client has an endpoint already, and it is another one.
    ANOTHER = "another"
    # It is nowhere that we would send anything.
    WRONG = "wrong"
    # The client has no endpoint any more.
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Onward:
    """Where an assistant's reports go from here. `host` is that of its former address; `why` says what is wrong."""

    way: Way
    host: str
    why: str = ""


def address(organization_id: UUID) -> str | None:
    """The organization's endpoint as HMS calls it; None before it has one."""
    endpoint = hms_endpoints.find(organization_id=organization_id)
    return _url(endpoint.token) if endpoint else None


def to_us(organization_id: UUID) -> dict[str, Any]:
    """What an assistant is given so that it reports to us; the endpoint is opened when there is none."""
    endpoint = hms_endpoints.open_endpoint(organization_id=organization_id)
    return {
        "webhook_url": _url(endpoint.token),
        "webhook_secret": endpoint.secret,
        "webhook_events": EVENTS,
    }


def connect(organization: Organization, assistant_id: str) -> Assistant:
    """Let an assistant report to us, and keep where it reported to. Nothing happens to one that does already.

    What it reported of more than we ask for, it goes on reporting; onward() says who else hears of it. Talks to HMS:
    not to be called inside a transaction. Raises hms.NoKey or an hms_client.HMSError.
    """
    ours = to_us(organization.pk)
    with hms.for_organization(organization) as client:
        row = client.assistants.get(assistant_id)
        if row.webhook_url == ours["webhook_url"]:
            return row
        if row.webhook_url:
            _remember(organization, row)
            _adopt(organization, row)
        more = tuple(event for event in row.webhook_events or () if event not in EVENTS)
        connected = client.assistants.update(assistant_id, **{**ours, "webhook_events": (*EVENTS, *more)})
    forget(organization)
    return connected


def former(organization: Organization, assistant_id: str) -> Former | None:
    """Where a connected assistant reported to before; None when it reported nowhere."""
    sealed = organization.former_webhooks.get(assistant_id)
    if sealed is None:
        return None
    text = envelope.unseal(
        base64.b64decode(sealed), agency_id=schemas.current_agency_id(), field=_field(organization, assistant_id)
    )
    kept = json.loads(text)
    return Former(url=kept["url"], secret=kept["secret"], events=tuple(kept["events"]))


def onward(organization: Organization, assistant_id: str) -> Onward | None:
    """Who hears of what a connected assistant told somebody else before; None when it reported nowhere."""
    before = former(organization, assistant_id)
    if before is None:
        return None
    host = _host(before.url)
    target = hms_targets.find(organization_id=organization.pk)
    if target is not None:
        return Onward(Way.THERE if target.target_url == before.url else Way.ANOTHER, host)
    try:
        hms_targets.check(before.url)
    except hms_targets.WrongTarget as error:
        return Onward(Way.WRONG, host, str(error))
    return Onward(Way.NOWHERE, host)


def would_be_adopted(organization: Organization, row: Assistant) -> bool:
    """Whether what it reports now would go on to the same address once it is connected."""
    target = hms_targets.find(organization_id=organization.pk)
    return bool(row.webhook_url) and (target is None or target.target_url == row.webhook_url)


def forget(organization: Organization) -> None:
    """Let what is kept for some seconds of the organization's assistants and numbers be read anew."""
    cache.delete_many([f"{kind}.{organization.pk}" for kind in ("assistants", "modes", "numbers")])


def _host(url: str) -> str:
    """What may be shown of an address: whoever knows the rest may be let in by it."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _url(token: str) -> str:
    path = _ENDPOINT.format(token=token)
    return settings.HMS_REPORTS_TO + path if settings.HMS_REPORTS_TO else links.platform(path)


def _remember(organization: Organization, row: Assistant) -> None:
    kept = {"url": row.webhook_url, "secret": row.webhook_secret or "", "events": list(row.webhook_events or ())}
    with transaction.atomic(durable=True):
        locked = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        sealed = envelope.seal(
            json.dumps(kept), agency_id=schemas.current_agency_id(), field=_field(organization, row.id)
        )
        locked.former_webhooks[row.id] = base64.b64encode(sealed).decode()
        locked.save(update_fields=["former_webhooks"])
    organization.former_webhooks = locked.former_webhooks


def _adopt(organization: Organization, row: Assistant) -> None:
    # Before HMS changes anything: the first report that comes here is handed on already.
    with suppress(hms_targets.WrongTarget):
        hms_targets.adopt(
            organization_id=organization.pk,
            url=row.webhook_url or "",
            secret=row.webhook_secret or "",
            events=row.webhook_events or (),
        )


def _field(organization: Organization, assistant_id: str) -> str:
    return f"organization.{organization.pk}.former_webhook.{assistant_id}"
