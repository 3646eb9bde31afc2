"""An inbound call asks before it is answered: how long it may run, or a spoken refusal. Decided at once and here."""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from calls import holds
from clients.models import Client
from organizations.models import Organization

log = logging.getLogger(__name__)
_LOCK_TIMEOUT_MS = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """Either the longest the call may run, in seconds, or what is said to the caller instead."""

    max_duration_seconds: int | None = None
    refusal: str = ""


def answer(*, organization_id: UUID, hms_call_id: str, assistant_maximum: int | None, now: datetime) -> Answer:
    """Set time aside for the call and say how long it may be. Asked twice for one call, answers the same.

    When the wallet is busy for 300 ms, the caller gets the grace alone: HMS does not wait for us.
    """
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {_LOCK_TIMEOUT_MS}")
            organization = Organization.objects.select_related("client").get(pk=organization_id)
            if organization.client.state != Client.State.ACTIVE or organization.state != Organization.State.READY:
                return Answer(refusal=_refusal())
            hold = holds.take(
                organization=organization, now=now, assistant_maximum=assistant_maximum, hms_call_id=hms_call_id
            )
    except holds.NotEnoughTime:
        return Answer(refusal=_refusal())
    except OperationalError as error:
        log.warning("organization %s: %s; the call gets the grace alone", organization_id, type(error).__name__)
        return Answer(max_duration_seconds=holds.GRACE_SECONDS)
    return Answer(max_duration_seconds=holds.longest_call(hold))


def _refusal() -> str:
    return _("We are sorry, we cannot take your call at the moment. Please try again later.")
