"""Ends calls that run and may not go on, with a sentence: credits that are gone, a day that is used up, a suspension.

A call's own length is bounded at HMS when it begins. This is for what changes while it runs. Each command is written
down before it is given, and is not repeated within 15 seconds: HMS takes ten a minute for a call, from all of us.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import wallets
from billing.models import Wallet
from calls import holds, obstacles
from calls.models import Call, Hold
from clients import limits as client_limits
from clients.limits import Limits
from clients.models import Client
from follow_ups import agenda
from hms_client import BadRequest, HMSClient, HMSError, NotFound
from organizations import hms
from organizations.models import Organization

log = logging.getLogger(__name__)
AGAIN_AFTER = timedelta(seconds=15)


class Why(StrEnum):
    """Why a call that runs may not go on."""

    SUSPENDED = "suspended"
    CREDITS = "credits"
    DAY = "day"


def look(organization_id: UUID) -> int:
    """End what may not go on of an organization's calls; how many HMS was asked to end.

    Talks to HMS: not to be called inside a transaction. What HMS refuses is tried again at the next look.
    """
    now = timezone.now()
    organization = Organization.objects.select_related("client").get(pk=organization_id)
    if organization.api_key_sealed is None or not _in_progress(organization, now):
        return 0
    claimed = _claim(organization, now)
    if claimed:
        try:
            with hms.for_organization(organization) as client:
                for call in claimed:
                    _end(client, call)
        except hms.NoKey as error:
            log.warning("organization %s: calls go on: %s", organization_id, error)
    return len(claimed)


def wake(client_id: UUID) -> None:
    """Have the client's running calls looked at now: its balance has moved, and no call is the reason.

    To be called in the transaction that moved it.
    """
    organization = Organization.objects.filter(client_id=client_id).first()
    if organization is not None and obstacles.under_way(client_id, timezone.now()).exists():
        agenda.schedule(kind="sync_calls", subject=str(organization.pk))


def _in_progress(organization: Organization, now: datetime) -> list[Call]:
    """Calls that somebody has answered and nobody ended: HMS ends no others."""
    found = obstacles.under_way(organization.client_id, now).filter(started_at__isnull=False)
    return list(found.order_by("placed_at", "pk"))


def _claim(organization: Organization, now: datetime) -> list[Call]:
    """The calls to end now, noted as such and committed: nobody else gives the same command."""
    with transaction.atomic(durable=True):
        wallet = wallets.lock(organization.client_id)
        running = _in_progress(organization, now)
        state = Client.objects.values_list("state", flat=True).get(pk=organization.client_id)
        why = _why(wallet, client_limits.of(organization.client_id), state, running, now)
        if why is None:
            return []
        due = Q(cut_off_at=None) | Q(cut_off_at__lte=now - AGAIN_AFTER)
        claimed = list(Call.objects.filter(due, pk__in=[call.pk for call in running]))
        Call.objects.filter(pk__in=[call.pk for call in claimed]).update(cut_off_at=now, cut_off_why=why)
    for call in claimed:
        call.cut_off_why = why
    return claimed


def _why(wallet: Wallet, limits: Limits, state: str, running: list[Call], now: datetime) -> Why | None:
    if state == Client.State.SUSPENDED:
        return Why.SUSPENDED
    talked = _talked(wallet.client_id, limits, running, now)
    if sum(talked.values()) >= wallet.balance:
        return Why.CREDITS
    midnight = obstacles.midnight()
    today = sum(talked[call.pk] for call in running if call.placed_at >= midnight)
    if limits.seconds_a_day is not None and today + obstacles.used_today(wallet.client_id) >= limits.seconds_a_day:
        return Why.DAY
    return None


def _talked(client_id: UUID, limits: Limits, running: Iterable[Call], now: datetime) -> Mapping[UUID, int]:
    """Seconds that each call has taken so far: no more than it was allowed, if its end was not told."""
    calls = list(running)
    found = Hold.objects.filter(organization__client_id=client_id, hms_call_id__in=[call.hms_id for call in calls])
    allowed = {hold.hms_call_id: holds.longest_call(hold) for hold in found}
    usual = limits.seconds_a_call + holds.GRACE_SECONDS
    return {call.pk: min(obstacles.talked(call, now), allowed.get(call.hms_id, usual)) for call in calls}


def _end(client: HMSClient, call: Call) -> None:
    try:
        client.calls.end_call(call.hms_id, message=_closing(Why(call.cut_off_why)))
    except (BadRequest, NotFound):
        log.info("call %s is over already", call.pk)
    except HMSError as error:
        log.warning("call %s: not known whether it was ended: %s", call.pk, type(error).__name__)
    else:
        log.info("call %s was ended: %s", call.pk, call.cut_off_why)


def _closing(why: Why) -> str:
    """The last sentence, said to whoever is on the telephone."""
    if why is Why.CREDITS:
        return _("I am sorry, our time for this call is over. Please call again later. Goodbye.")
    return _("I am sorry, this call has to end now. Please call again later. Goodbye.")
