"""An inbound call asks before it is answered: how long it may run, or a spoken refusal. Decided at once and here."""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from calls import holds, obstacles
from clients import limits
from clients.models import Client
from organizations.models import Organization

log = logging.getLogger(__name__)
_LOCK_TIMEOUT_MS = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """Either the longest the call may run, in seconds, or what is said to the caller instead. With an `assistant_id`
    the client's fallback takes it: that assistant of HMS's, and nobody is asked."""

    max_duration_seconds: int | None = None
    refusal: str = ""
    assistant_id: str = ""


def answer(
    *, organization_id: UUID, hms_call_id: str, assistant_maximum: int | None, now: datetime, rounding: int = 1
) -> Answer:
    """Set time aside for the call and say how long it may be. Asked twice for one call, answers the same. `rounding` is
    the step in seconds that its time will be rounded up to.

    When the wallet is busy for 300 ms, the caller gets the grace alone: HMS does not wait for us.
    """
    allowed = limits.Limits()
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {_LOCK_TIMEOUT_MS}")
            organization = Organization.objects.select_related("client").get(pk=organization_id)
            allowed = limits.read(organization.client.limits)
            if organization.client.state != Client.State.ACTIVE or organization.state != Organization.State.READY:
                return Answer(refusal=_refusal(allowed))
            hold = holds.take(
                organization=organization,
                now=now,
                assistant_maximum=assistant_maximum,
                hms_call_id=hms_call_id,
                rounding=rounding,
            )
    except obstacles.NotEnoughTime as error:
        return _instead(allowed, error)
    except OperationalError as error:
        log.warning("organization %s: %s; the call gets the grace alone", organization_id, type(error).__name__)
        return Answer(max_duration_seconds=holds.GRACE_SECONDS)
    return Answer(max_duration_seconds=holds.longest_call(hold))


def _instead(allowed: limits.Limits, why: obstacles.NotEnoughTime) -> Answer:
    """What the caller gets. The fallback assistant is for credits that ran out, and has the grace alone: what a limit
    or a dispute keeps from starting does not start in another way."""
    if allowed.assistant_id and isinstance(why, obstacles.OutOfCredits):
        return Answer(max_duration_seconds=holds.GRACE_SECONDS, assistant_id=allowed.assistant_id)
    return Answer(refusal=_refusal(allowed))


def _refusal(allowed: limits.Limits) -> str:
    return allowed.sentence or _("We are sorry, we cannot take your call at the moment. Please try again later.")
