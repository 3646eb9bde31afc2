"""Seconds set aside for a call while it runs, so that two calls at once cannot spend the same credit.

Every change takes the wallet's lock first. A hold dies with its call, or when it has expired and HMS, asked afterwards,
knows of no such call.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from django.db.models import QuerySet

from billing import wallets
from calls import obstacles, rating, rehearsals
from calls.models import Hold
from clients import limits
from hms_client import Call as HmsCall
from organizations.models import Organization

# Beyond what was set aside, so that a call ends with a sentence and not in one.
GRACE_SECONDS = 30
# HMS needs some time to end a call and to write it down.
SETTLING_SECONDS = 120
# HMS notes a call within this time of being asked for it, by a clock that may differ from ours by this much.
_PLACED_WITHIN = timedelta(minutes=5)
_CLOCKS_DIFFER = timedelta(minutes=1)
# Stands where the number would, for a call in the browser: it has none.
IN_THE_BROWSER = "web"


def take(
    *,
    organization: Organization,
    now: datetime,
    assistant_maximum: int | None = None,
    hms_call_id: str = "",
    destination: str = "",
    actor: Mapping[str, str] | None = None,
    hold_id: uuid.UUID | None = None,
    rounding: int = 1,
) -> Hold:
    """Set aside what one call may use: of what is available what the assistant's maximum and the limits allow.

    `rounding` is the step in seconds that its time will be rounded up to. A call that has a hold keeps it. Inside the
    caller's transaction. Raises obstacles.NotEnoughTime or a subclass of it.
    """
    wallet = wallets.lock(organization.client_id)
    known = _open(organization).filter(hms_call_id=hms_call_id).first() if hms_call_id else None
    if known is not None:
        return known
    rehearsals.take_turns()
    room = obstacles.room(wallet, limits.of(organization.client_id), now=now)
    if room.obstacle is not None:
        raise obstacles.REFUSALS[room.obstacle](obstacles.refusal(room.obstacle))
    seconds = min(room.seconds, rating.billed_seconds(assistant_maximum or room.seconds, rounding=rounding))
    hold = Hold.objects.create(
        id=hold_id or uuid.uuid4(),
        organization=organization,
        hms_call_id=hms_call_id,
        destination=destination,
        actor=dict(actor or {}),
        seconds=seconds,
        rounding=rounding,
        created_at=now,
        expires_at=now + timedelta(seconds=seconds + GRACE_SECONDS + SETTLING_SECONDS),
    )
    wallets.set_aside(organization.client_id, seconds)
    return hold


def longest_call(hold: Hold) -> int:
    """For how many seconds HMS may let the call run: rounded up, they take no more than what is held and the grace."""
    return max((hold.seconds + GRACE_SECONDS) // hold.rounding, 1) * hold.rounding


def release(*, organization: Organization, hms_call_ids: Collection[str], now: datetime) -> int:
    """Give back what was set aside for these calls; how many seconds. Inside the caller's transaction."""
    wallets.lock(organization.client_id)
    return _give_back(organization, _open(organization).filter(hms_call_id__in=hms_call_ids), now)


def release_one(hold: Hold, *, now: datetime) -> None:
    """Give back a hold whose call was never placed. Inside the caller's transaction."""
    wallets.lock(hold.organization.client_id)
    _give_back(hold.organization, _open(hold.organization).filter(pk=hold.pk), now)


def name(hold: Hold, *, hms_call_id: str) -> None:
    """Write down which call the hold is for: HMS has said so. Inside the caller's transaction."""
    wallets.lock(hold.organization.client_id)
    # The list of calls may have given this call to the hold of another one to the same number.
    _open(hold.organization).filter(hms_call_id=hms_call_id).exclude(pk=hold.pk).update(hms_call_id="")
    Hold.objects.filter(pk=hold.pk).update(hms_call_id=hms_call_id)


def adopt(*, organization: Organization, told: Iterable[HmsCall]) -> None:
    """Give new calls of the list the holds that know no call yet: same number, or in the browser, about the same time.

    Inside the caller's transaction, under the wallet's lock.
    """
    nameless = list(_open(organization).filter(hms_call_id="").exclude(destination="").order_by("created_at"))
    for call in told:
        for hold in nameless:
            since = call.created_at - hold.created_at
            in_time = -_CLOCKS_DIFFER <= since <= _PLACED_WITHIN
            if in_time and _is_for(hold, call):
                Hold.objects.filter(pk=hold.pk).update(hms_call_id=call.id)
                nameless.remove(hold)
                break


def _is_for(hold: Hold, call: HmsCall) -> bool:
    if hold.destination == IN_THE_BROWSER:
        return call.direction == "web"
    return hold.destination in (call.caller_phone, call.assistant_phone or call.phone_number)


def are_open(organization: Organization) -> bool:
    """Whether time is set aside for any call. Under the wallet's lock it stays so."""
    return _open(organization).exists()


def expire(*, organization: Organization, running: Collection[str], asked_at: datetime) -> int:
    """Give back what had expired when HMS was asked, but for the calls that HMS says are `running`; in seconds.

    Inside the caller's transaction.
    """
    wallets.lock(organization.client_id)
    expired = _open(organization).filter(expires_at__lte=asked_at)
    still = expired.filter(hms_call_id__in=running, created_at__gt=asked_at - obstacles.LONGEST)
    return _give_back(organization, expired.exclude(pk__in=still.values("pk")), asked_at)


def _open(organization: Organization) -> QuerySet[Hold]:
    return Hold.objects.filter(organization=organization, released_at=None)


def _give_back(organization: Organization, rows: Iterable[Hold], now: datetime) -> int:
    found = list(rows)
    seconds = sum(hold.seconds for hold in found)
    if found:
        Hold.objects.filter(pk__in=[hold.pk for hold in found]).update(released_at=now)
        wallets.give_back(organization.client_id, seconds)
    return seconds
