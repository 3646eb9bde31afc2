"""Clients whose credits run low: the team hears of each of them once whenever a balance falls below the agency's line.

Who has enough is written down, so that a crossing can be seen: it takes a balance that was a tenth above the line. One
that trembles around it, or was never there, is none. All who fall in a day are one notification.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies.models import Agency
from follow_ups import agenda
from notifications import notes
from notifications.models import Kind
from tenancy import schemas

KIND = "low_balances"
# What moves in a minute is one look.
_SOON = timedelta(minutes=1)
_FALLEN = """
UPDATE clients_client AS c SET enough_since = NULL FROM billing_wallet AS w
 WHERE w.client_id = c.id AND c.enough_since IS NOT NULL AND w.balance < %s RETURNING c.id
"""
_RISEN = """
UPDATE clients_client AS c SET enough_since = %s FROM billing_wallet AS w
 WHERE w.client_id = c.id AND c.enough_since IS NULL AND w.balance * 10 >= %s::bigint * 11
"""


class LineRefused(ValueError):
    """No line to watch. The message is for who typed it."""


def choose(*, agency_id: int, credits: int) -> None:
    """Say below how many credits a client's balance is low; 0 for never. Raises LineRefused."""
    if not 0 <= credits <= settings.ALLOCATION_MAX_CREDITS:
        raise LineRefused(_("Type a whole number from 0 to %(most)d.") % {"most": settings.ALLOCATION_MAX_CREDITS})
    Agency.objects.filter(pk=agency_id).update(low_balance_credits=credits)


def look_soon() -> None:
    """Have the balances looked at shortly: one has moved. In the agency's schema."""
    agenda.schedule(kind=KIND, due_at=timezone.now() + _SOON)


def look(now: datetime) -> list[UUID]:
    """Tell of the clients that have fallen below the line since the last look; returns them. In the agency's schema."""
    line = Agency.objects.values_list("low_balance_credits", flat=True).get(pk=schemas.current_agency_id())
    if not line:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FALLEN, [line * 60])
        fallen = [row[0] for row in cursor.fetchall()]
        cursor.execute(_RISEN, [now, line * 60])
        if fallen:
            notes.note(Kind.LOW_BALANCE, clients=fallen, facts={"credits": line})
    return fallen
