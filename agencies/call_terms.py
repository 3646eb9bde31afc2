"""Under which terms calls are booked: how their time is rounded, and what a minute costs the agency, each dated.

A call is booked under the terms of the moment in which it was placed, however late HMS tells of it. Terms hold from now
on or from a day that comes; what is in force is never changed, so that no call that was booked becomes another one.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies.models import CallTerms
from billing.margin import read_micro
from calls.rating import ROUNDINGS, Terms
from vault.models import StripeConnection

# Until an agency says otherwise: not rounded at all, and HMS's own price.
ROUNDING, COST_MICRO = 1, 70_000
# HMS's words for the kinds of call that may cost something of their own.
KINDS = ("inbound", "outbound", "web")
MOST_MICRO = 10_000_000
# Nobody plans further ahead.
_FURTHEST = datetime.timedelta(days=366)


@dataclass
class TermsRefused(ValueError):
    """Not terms that calls can be booked under. `field` is what it is about; the message is for who typed it."""

    field: str
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def in_force(agency_id: int) -> Terms:
    """What calls are booked under now, with what held before for those placed earlier.

    They count as live unless the agency's Stripe connection is in test mode.
    """
    now = timezone.now()
    found = StripeConnection.objects.filter(agency_id=agency_id).values_list("livemode", flat=True).first()
    livemode = found is not False
    terms = Terms(rounding=ROUNDING, cost_micro_per_minute=COST_MICRO, livemode=livemode)
    for row in CallTerms.objects.filter(agency_id=agency_id, from_at__lte=now).order_by("from_at"):
        terms = Terms(
            rounding=row.rounding,
            cost_micro_per_minute=row.cost_micro_per_minute,
            livemode=livemode,
            cost_micro_of=row.cost_micro_of,
            since=row.from_at,
            before=terms,
        )
    return terms


def cost_micro_per_minute(agency_id: int) -> int:
    """What a minute costs the agency now, in millionths of a euro; what margins are made of."""
    now = timezone.now()
    rows = CallTerms.objects.filter(agency_id=agency_id, from_at__lte=now).order_by("-from_at")
    cost = rows.values_list("cost_micro_per_minute", flat=True).first()
    return COST_MICRO if cost is None else cost


def rounding(agency_id: int) -> int:
    """The step in seconds that a call placed now is rounded up to."""
    rows = CallTerms.objects.filter(agency_id=agency_id, from_at__lte=timezone.now()).order_by("-from_at")
    step = rows.values_list("rounding", flat=True).first()
    return ROUNDING if step is None else step


def history(agency_id: int) -> list[CallTerms]:
    """Everything that was ever agreed, the latest first; what is still to come stands before what holds."""
    return list(CallTerms.objects.filter(agency_id=agency_id).order_by("-from_at"))


def change(
    *,
    agency_id: int,
    rounding: int,
    cost_micro_per_minute: int,
    cost_micro_of: Mapping[str, int],
    from_on: datetime.date,
    actor: Mapping[str, str],
) -> CallTerms:
    """Book calls that are placed from a day on under these terms; from this moment on if the day is today.

    Terms planned for the same day are replaced. Raises TermsRefused.
    """
    if rounding not in ROUNDINGS:
        raise TermsRefused("rounding", _("Choose one of the four ways to round."))
    for field, micro in {"cost": cost_micro_per_minute, **cost_micro_of}.items():
        if not 0 <= micro <= MOST_MICRO:
            raise TermsRefused(field, _("A minute costs between 0 and 10 euros."))
    if unknown := set(cost_micro_of) - set(KINDS):
        raise ValueError(f"no kinds of call: {sorted(unknown)}")
    values = {
        "rounding": rounding,
        "cost_micro_per_minute": cost_micro_per_minute,
        "cost_micro_of": dict(cost_micro_of),
        "made_at": timezone.now(),
        "made_by": dict(actor),
    }
    row, _is_new = CallTerms.objects.update_or_create(agency_id=agency_id, from_at=_moment(from_on), defaults=values)
    return row


def withdraw(*, agency_id: int, terms_id: int) -> None:
    """Take back terms that were planned. Raises CallTerms.DoesNotExist once they are in force."""
    with transaction.atomic():
        planned = CallTerms.objects.select_for_update().filter(agency_id=agency_id, from_at__gt=timezone.now())
        planned.get(pk=terms_id).delete()


def read_cost(text: str) -> int:
    """Millionths of a euro of what was typed, "0.07" or "0,065". Raises ValueError."""
    micro = read_micro(text)
    if micro is None or micro > MOST_MICRO:
        raise ValueError(_("Type what a minute costs in euros, such as 0.07, with at most six decimals."))
    return micro


def _moment(day: datetime.date) -> datetime.datetime:
    now, today = timezone.now(), timezone.localdate()
    if day < today:
        raise TermsRefused("from_on", _("Calls of the past keep their terms. Choose today or a day that comes."))
    if day - today > _FURTHEST:
        raise TermsRefused("from_on", _("Choose a day within a year."))
    return now if day == today else timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))
