"""Campaigns stop when the client's next call would not start, and those that we stopped go on once it would.

HMS asks nobody before a campaign rings the next lead, so the poller pauses it. What is to be paused or resumed is
written down before HMS is asked. A campaign that somebody else paused is never resumed.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from billing import wallets
from calls import obstacles
from calls.models import Call, Hold
from calls.obstacles import Obstacle
from clients.models import Client
from follow_ups import agenda
from hms_client import Forbidden, HMSClient, NotFound
from organizations import hms
from organizations.models import Organization

log = logging.getLogger(__name__)
KIND = "campaigns"
SUSPENDED = "suspended"
_RUNS, _PAUSED = "scheduled", "paused"
# How often what is in the way is looked at while something is paused, and how often HMS is asked for what runs.
_EVERY = timedelta(minutes=1)
# A call that nothing was set aside for is a campaign's, or one of somebody beside the portal.
_LATELY = timedelta(minutes=15)


def schedule_if_needed(organization_id: UUID) -> None:
    """Have the organization's campaigns looked at, if one may run that may not. Called after each look at calls."""
    organization = Organization.objects.select_related("client").get(pk=organization_id)
    now = timezone.now()
    if _may_run(organization, now) and _in_the_way(organization) and not _looked_lately(organization, now):
        agenda.schedule(kind=KIND, subject=str(organization_id))


def wake(client_id: UUID) -> None:
    """Have what is paused looked at now: the balance has moved. To be called in the transaction that moved it."""
    organization = Organization.objects.filter(client_id=client_id).first()
    if organization is not None and organization.campaigns.get("paused"):
        agenda.schedule(kind=KIND, subject=str(organization.pk))


def look(organization_id: UUID) -> datetime | None:
    """Pause what may not run, or let go on what we paused; when to look again, None when nothing is paused.

    Talks to HMS: not to be called inside a transaction. Raises hms.NoKey or an hms_client.HMSError; may be tried again.
    """
    organization = Organization.objects.select_related("client").get(pk=organization_id)
    if organization.api_key_sealed is None:
        return None
    now, why = timezone.now(), _in_the_way(organization)
    if why:
        if _may_run(organization, now) and not _looked_lately(organization, now):
            with hms.for_organization(organization, retries=1) as client:
                _pause_all(organization, client, why, now)
    elif organization.campaigns.get("paused"):
        with hms.for_organization(organization, retries=1) as client:
            _resume_all(organization, client)
    left = Organization.objects.values_list("campaigns", flat=True).get(pk=organization_id)
    return now + _EVERY if left.get("paused") else None


def started(organization_id: UUID, campaign_id: str) -> None:
    """Somebody has started this campaign: it may run, and is not ours to resume any more."""

    def change(kept: dict[str, Any]) -> None:
        kept["running"] = sorted({*kept.get("running", []), campaign_id})
        kept.get("paused", {}).pop(campaign_id, None)

    _write(organization_id, change)


def stopped(organization_id: UUID, campaign_id: str) -> None:
    """Somebody has paused or removed this campaign: it stays so."""

    def change(kept: dict[str, Any]) -> None:
        kept["running"] = [one for one in kept.get("running", []) if one != campaign_id]
        kept.get("paused", {}).pop(campaign_id, None)

    _write(organization_id, change)


def why_paused(organization: Organization, campaign_id: str) -> str:
    """Why we paused this campaign: an Obstacle's word or SUSPENDED; "" when we did not."""
    return str(organization.campaigns.get("paused", {}).get(campaign_id, {}).get("why", ""))


def waiting() -> list[Organization]:
    """Organizations that have something paused by us."""
    return [row for row in Organization.objects.exclude(campaigns={}) if row.campaigns.get("paused")]


def _in_the_way(organization: Organization) -> str:
    """Why no further call of a campaign may start; "" for nothing. Lines in use are no reason."""
    if organization.client.state == Client.State.SUSPENDED or organization.state == Organization.State.SUSPENDED:
        return SUSPENDED
    why = obstacles.obstacle(wallets.get(organization.client_id))
    return "" if why in (None, Obstacle.AT_ONCE) else str(why)


def _may_run(organization: Organization, now: datetime) -> bool:
    if organization.campaigns.get("running"):
        return True
    held = Hold.objects.filter(organization=organization, created_at__gt=now - 2 * _LATELY).exclude(hms_call_id="")
    lately = Call.objects.filter(organization=organization, direction="outbound", placed_at__gt=now - _LATELY)
    return lately.exclude(hms_id__in=held.values("hms_call_id")).exists()


def _looked_lately(organization: Organization, now: datetime) -> bool:
    looked_at = organization.campaigns.get("looked_at")
    return looked_at is not None and now - datetime.fromisoformat(looked_at) < _EVERY


def _pause_all(organization: Organization, client: HMSClient, why: str, now: datetime) -> None:
    runs = [row for row in client.campaigns.list() if row.status == _RUNS]
    for row in runs:
        told = {"name": row.name[:100], "why": why, "at": now.isoformat()}

        def claim(kept: dict[str, Any], campaign_id: str = row.id, told: dict[str, str] = told) -> None:
            kept.setdefault("paused", {})[campaign_id] = told

        _write(organization.pk, claim)
        client.campaigns.update(row.id, status=_PAUSED)
        log.info("organization %s: a campaign is paused: %s", organization.pk, why)

    def done(kept: dict[str, Any]) -> None:
        kept["running"], kept["looked_at"] = [], now.isoformat()

    _write(organization.pk, done)


def _resume_all(organization: Organization, client: HMSClient) -> None:
    """Those that are still as we left them. What HMS does not have any more, or somebody changed, is left alone."""
    for campaign_id in list(organization.campaigns.get("paused", {})):
        try:
            if client.campaigns.get(campaign_id).status == _PAUSED:
                client.campaigns.update(campaign_id, status=_RUNS)
                log.info("organization %s: a campaign goes on", organization.pk)
        except (NotFound, Forbidden):
            stopped(organization.pk, campaign_id)
        else:
            started(organization.pk, campaign_id)


def _write(organization_id: UUID, change: Callable[[dict[str, Any]], None]) -> None:
    with transaction.atomic(durable=True):
        row = Organization.objects.select_for_update(no_key=True).get(pk=organization_id)
        kept = dict(row.campaigns)
        change(kept)
        row.campaigns = {name: value for name, value in kept.items() if value}
        row.save(update_fields=["campaigns"])
