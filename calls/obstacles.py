"""Whether a client's next call may start and how much it may set aside: one rule, asked at a start and by the pages.

What was used today counts by the day on which a call was placed, in the time zone of the portal.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import disputes
from billing.models import Wallet
from calls import rehearsals
from calls.models import Call, Hold
from clients import limits as client_limits
from clients.limits import Limits

# A call that HMS calls running for longer than this is not waited for.
LONGEST = timedelta(hours=4)


class NotEnoughTime(ValueError):
    """Too little is available to start a call. The message is for the client."""


class PaymentDisputed(NotEnoughTime):
    """A payment of the client is disputed: what runs goes on, nothing new starts."""


class OutOfCredits(NotEnoughTime):
    """The credits are used."""


class BelowZero(OutOfCredits):
    """More was used or taken back than there was."""


class LimitReached(NotEnoughTime):
    """There is time, and a limit that the agency has set is reached."""


class DayIsUsedUp(LimitReached):
    """What the client may use in a day is used."""


class TooManyAtOnce(LimitReached):
    """As many calls run as may run at once."""


class NoTestCalls(LimitReached):
    """Payments are in test mode, and the owner allows no (further) real call on test credits."""


class Obstacle(StrEnum):
    """Why a client's next call would not start."""

    DISPUTE = "dispute"
    DEBT = "debt"
    CREDITS = "credits"
    DAY = "day"
    AT_ONCE = "at_once"
    TEST = "test"


REFUSALS: dict[Obstacle, type[NotEnoughTime]] = {
    Obstacle.DISPUTE: PaymentDisputed,
    Obstacle.DEBT: BelowZero,
    Obstacle.CREDITS: OutOfCredits,
    Obstacle.DAY: DayIsUsedUp,
    Obstacle.AT_ONCE: TooManyAtOnce,
    Obstacle.TEST: NoTestCalls,
}


@dataclass(frozen=True, slots=True)
class Room:
    """What the next call may set aside, in seconds, or what is in its way."""

    seconds: int
    obstacle: Obstacle | None = None


@dataclass(frozen=True, slots=True)
class _Running:
    """Calls under way: how many, what they have set aside, and what those without a hold have talked so far."""

    calls: int
    held: int
    unheld: int


def room(wallet: Wallet, limits: Limits, *, now: datetime) -> Room:
    """What the next call of this wallet's client gets under these limits. Certain only under the wallet's lock."""
    if disputes.stop_starts(wallet.client_id):
        return Room(0, Obstacle.DISPUTE)
    if wallet.balance < 0:
        return Room(0, Obstacle.DEBT)
    if wallet.available < limits.least_seconds:
        return Room(0, Obstacle.CREDITS)
    most = min(wallet.available, limits.seconds_a_call)
    test = rehearsals.allowed()
    if test is not None:
        if test.left < limits.least_seconds:
            return Room(0, Obstacle.TEST)
        most = min(most, test.left)
    if limits.calls_at_once is None and limits.seconds_a_day is None:
        return Room(most)
    running = _running(wallet.client_id, now)
    if limits.seconds_a_day is not None:
        left = limits.seconds_a_day - used_today(wallet.client_id) - running.held - running.unheld
        if left < limits.least_seconds:
            return Room(0, Obstacle.DAY)
        most = min(most, left)
    if limits.calls_at_once is not None and running.calls >= limits.calls_at_once:
        return Room(0, Obstacle.AT_ONCE)
    return Room(most)


def obstacle(wallet: Wallet) -> Obstacle | None:
    """What keeps the next call of this wallet's client from starting; None for nothing.

    The same rule refuses a start, so what is said before is what happens.
    """
    return room(wallet, client_limits.of(wallet.client_id), now=timezone.now()).obstacle


def refusal(why: Obstacle) -> str:
    """The sentence for the client who wanted to call."""
    sentences = {
        Obstacle.DISPUTE: _("A payment is disputed, so no new call can start. Please get in touch with us."),
        Obstacle.TEST: _("Payments are in test mode, and no real call can start on test credits now."),
        Obstacle.DEBT: _("Your balance is below zero, so no new call can start. Please buy credits first."),
        Obstacle.CREDITS: _("There is not enough time left for a call. Please buy credits first."),
        Obstacle.DAY: _("What you can use in a day is used up. Calls start again tomorrow."),
        Obstacle.AT_ONCE: _("As many calls run as can run at once. Please try again when one of them has ended."),
    }
    return sentences[why]


def midnight() -> datetime:
    """When today began, in the time zone of the portal."""
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


def used_today(client_id: UUID) -> int:
    """Seconds billed for calls that were placed today."""
    today = Call.objects.filter(organization__client_id=client_id, placed_at__gte=midnight())
    return today.aggregate(seconds=Sum("billed_seconds"))["seconds"] or 0


def under_way(client_id: UUID, now: datetime) -> QuerySet[Call]:
    """The client's calls that HMS has not said to be over."""
    unsettled = Call.objects.filter(organization__client_id=client_id, booked_at=None, ended_at=None)
    return unsettled.filter(placed_at__gt=now - LONGEST)


def talked(call: Call, now: datetime) -> int:
    """Seconds for which a call has been talked so far; 0 until somebody answers."""
    if call.started_at is None:
        return 0
    return max(int(((call.ended_at or now) - call.started_at) / timedelta(seconds=1)), 0)


def _running(client_id: UUID, now: datetime) -> _Running:
    held = dict(Hold.objects.filter(organization__client_id=client_id, released_at=None).values_list("pk", "seconds"))
    names = Hold.objects.filter(pk__in=list(held)).exclude(hms_call_id="").values("hms_call_id")
    unheld = list(under_way(client_id, now).exclude(hms_id__in=names))
    return _Running(len(held) + len(unheld), sum(held.values()), sum(talked(call, now) for call in unheld))
