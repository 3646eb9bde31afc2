"""Real calls on test credits: while Stripe is in test mode, none starts unless the owner has said how much may be used.

HMS's minutes are real whatever Stripe's are. The limit is one for all clients of the agency together.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from calls.models import Call, Hold
from tenancy import schemas
from vault.models import StripeConnection

MOST_SECONDS = 100 * 60 * 60
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('calls.rehearsals'), %s::bigint::integer)"


class TooMuch(ValueError):
    """More than may be allowed. The message is for the owner."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What test calls may use in all, since when it counts, and what of it is used or set aside, in seconds."""

    seconds: int
    since: datetime
    used: int

    @property
    def left(self) -> int:
        return max(0, self.seconds - self.used)


def allowed() -> Allowed | None:
    """What test calls may use; None while the agency's calls are no test. In the agency's schema."""
    found = StripeConnection.objects.filter(agency_id=schemas.current_agency_id(), livemode=False)
    row = found.values_list("test_call_seconds", "test_calls_since").first()
    if row is None:
        return None
    seconds, since = row
    if not seconds:
        return Allowed(0, since, 0)
    counted = Call.objects.filter(placed_at__gte=since).aggregate(seconds=Sum("billed_seconds"))["seconds"] or 0
    held = Hold.objects.filter(released_at=None).aggregate(seconds=Sum("seconds"))["seconds"] or 0
    return Allowed(seconds, since, counted + held)


def take_turns() -> None:
    """Let no other start of the agency look at what is left until this transaction ends; at once when it is no test.

    To be called with the wallet's lock held, never before it.
    """
    agency_id = schemas.current_agency_id()
    if StripeConnection.objects.filter(agency_id=agency_id, livemode=False).exists():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, [agency_id % 2**31])


def allow(*, agency_id: int, seconds: int) -> None:
    """Let test calls use so many seconds from now on; 0 for none at all. Raises TooMuch."""
    if not 0 <= seconds <= MOST_SECONDS:
        raise TooMuch(_("At most %(most)s minutes.") % {"most": f"{MOST_SECONDS // 60:,}"})
    mine = StripeConnection.objects.filter(agency_id=agency_id)
    mine.update(test_call_seconds=seconds, test_calls_since=timezone.now())
