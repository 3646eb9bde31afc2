"""An agency that is connected with the sandbox's HMS, with clients whose organizations are ready and who have time."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from django.utils import timezone

from agencies import minutes
from agencies.models import Agency
from bench.ground import Ground
from bench.money import agencies
from billing import ledger
from billing.models import LedgerEntry
from clients.models import Client
from follow_ups.models import FollowUp
from inbox import hms_endpoints
from inbox.hms_endpoints import Endpoint
from organizations import assistants, provisioning
from organizations.models import Organization
from stack import terminal
from tenancy import door

# More than all of a client's calls in a run.
SECONDS = 10_000_000
_NO_LIMIT, RATE_LIMIT = 1_000_000, 100
# One for all calls: each new one would read the system's certificates, which takes from the processors measured.
_SANDBOX = httpx.Client(timeout=120)


@dataclass(frozen=True, slots=True)
class Called:
    """A client's organization: where HMS reports about it, and its assistant there."""

    pk: uuid.UUID
    hms_id: str
    assistant_id: str
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class Connected:
    """The agency with its organizations."""

    agency: Agency
    organizations: tuple[Called, ...]

    def prove(self, *, booked: int) -> None:
        """Prove its ledger, with one entry of time for each client beside what was booked. Raises Trouble."""
        agencies.prove(self.agency.slug, booked=booked + len(self.organizations))


def connected(ground: Ground, slug: str, *, clients: int) -> Connected:
    """A new one. The sandbox has to run. Nothing is on its agenda."""
    agency = agencies.opened(slug, wallets=clients)
    lever(ground, "settings", rate_limit=_NO_LIMIT)
    parent = lever(ground, "organizations", name=slug, minutes=clients * SECONDS // 60)
    minutes.connect(agency.pk, parent["api_key"])
    with door.enter(agency), terminal.step(f"Setting up {clients} organizations of {slug}") as step:
        ledger.post_batch([_time(pk) for pk in Client.objects.values_list("pk", flat=True)])
        called = []
        for client in Client.objects.order_by("pk"):
            called.append(_ready(client))
            step.progress(str(len(called)))
    lever(ground, "settings", rate_limit=RATE_LIMIT)
    FollowUp.objects.filter(agency=agency).delete()
    return Connected(agency, tuple(called))


def _ready(client: Client) -> Called:
    organization = provisioning.want(client)
    provisioning.provision(organization.pk)
    assistants.equip(organization.pk)
    organization.refresh_from_db()
    endpoint = hms_endpoints.open_endpoint(organization_id=organization.pk)
    return Called(organization.pk, str(organization.hms_id), assistants.in_use(organization)[0].id, endpoint)


def polled(connected: Connected) -> None:
    """Have every organization looked at as an active client's is, from now on and not all at once."""
    now = timezone.now()
    with door.enter(connected.agency):
        Organization.objects.update(calls_synced_until=now, calls_swept_at=now, active_at=now)
        FollowUp.objects.bulk_create(
            FollowUp(
                agency=connected.agency,
                kind="sync_calls",
                subject=str(each.pk),
                due_at=now + number * timedelta(seconds=45) / len(connected.organizations),
            )
            for number, each in enumerate(connected.organizations)
        )


def lever(ground: Ground, path: str, **body: Any) -> Any:
    """Turn one of the sandbox's levers for HMS."""
    answer = _SANDBOX.post(f"{ground.variables['SANDBOX_URL']}/_sandbox/hms/{path}", json=body)
    answer.raise_for_status()
    return answer.json()


def _time(client_id: uuid.UUID) -> ledger.Movement:
    return ledger.Movement(
        client_id=client_id,
        amount=SECONDS,
        kind=LedgerEntry.Kind.ALLOCATION,
        source="agency",
        source_id=f"bench {client_id}",
        fact={"seconds": SECONDS},
        livemode=True,
        actor=agencies.NOBODY,
    )
