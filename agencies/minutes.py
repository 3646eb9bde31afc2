"""The agency's minutes at HMS: the key that reaches them, proved before it is kept, and how many are and were left.

HMS tells minutes as exact decimals; kept are whole seconds, rounded down, so that nobody counts on what is not there.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies import control, coverage, quarantine, watch
from agencies.models import Agency, MinutesReading
from calls import forgetting
from follow_ups import agenda
from hms_client import Forbidden, HMSError, InvalidArgument, Unauthorized
from hms_client import Organization as HmsOrganization
from organizations import hms
from organizations.models import Organization
from tenancy import door
from vault import connections, key_shapes
from vault.models import HMSConnection

KIND = "minutes"
READINGS_KEPT = timedelta(days=90)
_WHILE_ACTIVE = timedelta(minutes=5)
_WHILE_QUIET = timedelta(hours=6)
# Several clients' calls that end together are followed by one look.
_SOON = timedelta(seconds=5)


class CannotConnect(ValueError):
    """The key was not kept. The message is for the person who pasted it."""


class NotAnHmsKey(CannotConnect):
    """The text cannot be a key of HMS; it was sent nowhere."""


class KeyRefused(CannotConnect):
    """HMS does not know the key."""


class KeyOfAChild(CannotConnect):
    """The key belongs to a client's organization, not to the agency's own."""


class OrganizationTaken(CannotConnect):
    """Another agency is connected with this organization."""


class AnotherOrganization(CannotConnect):
    """Clients' organizations hang on the one that is connected; the key belongs to another."""


class HmsUnreachable(CannotConnect):
    """HMS could not be asked."""


def connect(agency_id: int, api_key: str) -> HMSConnection:
    """Keep the key, if HMS says that it is the key of a parent organization that no other agency uses.

    Raises a subclass of CannotConnect. Talks to HMS: not to be called inside a transaction.
    """
    key = _checked(api_key)
    found = _organization_of(key)
    if found.parent_org_id is not None:
        raise KeyOfAChild(_("This is the key of a client's organization. Please paste your agency's own key."))
    with door.enter(Agency.objects.get(pk=agency_id)), transaction.atomic():
        _refuse_to_move(agency_id, found.id)
        try:
            connection = connections.save_hms_key(
                agency_id=agency_id,
                api_key=key,
                organization_id=found.id,
                organization_name=found.name,
                seconds_left=_seconds(found.minutes_balance),
            )
        except connections.OrganizationTaken as error:
            raise OrganizationTaken(str(error)) from error
        _take_in(connection, found)
        for kind in (KIND, control.KIND, quarantine.KIND, forgetting.KIND):
            agenda.schedule(kind=kind)
        for waiting in Organization.objects.filter(state=Organization.State.WANTED):
            agenda.schedule(kind="organization", subject=str(waiting.pk))
    return connection


def refresh(agency_id: int) -> HMSConnection | None:
    """Ask HMS what is left, and under which name. None when the agency is not connected.

    In the agency's schema, outside a transaction. Raises an hms_client.HMSError.
    """
    connection = HMSConnection.objects.filter(agency_id=agency_id, api_key_sealed__isnull=False).first()
    if connection is None:
        return None
    with hms.for_agency() as client:
        found = client.organizations.get()
    with transaction.atomic():
        _take_in(connection, found)
    return connection


def readings(agency_id: int, *, days: int) -> list[tuple[date, int]]:
    """What was left at the end of each of the last days, the oldest first; a day on which nobody asked is left out."""
    since = timezone.localdate() - timedelta(days=days - 1)
    rows = MinutesReading.objects.filter(agency_id=agency_id, on__gte=since).order_by("on")
    return list(rows.values_list("on", "seconds_left"))


def look_soon() -> None:
    """Have the balance asked for shortly: minutes were used. In the agency's schema."""
    agenda.schedule(kind=KIND, due_at=timezone.now() + _SOON)


def next_look(now: datetime) -> datetime:
    """When the balance is worth another look. In the agency's schema."""
    active = Organization.objects.filter(active_at__gt=now - timedelta(days=1)).exists()
    return now + (_WHILE_ACTIVE if active else _WHILE_QUIET)


def _take_in(connection: HMSConnection, found: HmsOrganization) -> None:
    """Keep what HMS has said, the day's reading, and whatever crossed a line with it. In a transaction."""
    now = timezone.now()
    connection.organization_name, connection.seconds_left = found.name[:200], _seconds(found.minutes_balance)
    connection.seconds_this_month = _seconds(found.monthly_usage_minutes)
    connection.checked_at = now
    connection.save(update_fields=["organization_name", "seconds_left", "seconds_this_month", "checked_at"])
    if connection.seconds_left is not None:
        today = timezone.localdate(now)
        mine = MinutesReading.objects.filter(agency_id=connection.agency_id)
        mine.update_or_create(
            agency_id=connection.agency_id, on=today, defaults={"seconds_left": connection.seconds_left}
        )
        mine.filter(on__lt=today - READINGS_KEPT).delete()
    watch.notice(connection.agency_id, coverage.with_left(connection.seconds_left), now=now)


def _checked(pasted: str) -> str:
    key = key_shapes.cleaned(pasted)
    try:
        key_shapes.check_hms(key)
    except key_shapes.WrongKey as error:
        raise NotAnHmsKey(error.sentence) from error
    return key


def _organization_of(key: str) -> HmsOrganization:
    try:
        with hms.with_key(key) as client:
            return client.organizations.get()
    except InvalidArgument as error:
        raise NotAnHmsKey(_("An HMS key has no spaces or special characters. Please copy it again.")) from error
    except (Unauthorized, Forbidden) as error:
        raise KeyRefused(_("HMS does not know this key. Please copy it again, or make a new one at HMS.")) from error
    except HMSError as error:
        raise HmsUnreachable(_("HMS did not answer. Please try again in a minute.")) from error


def _refuse_to_move(agency_id: int, organization_id: str) -> None:
    """A key may be replaced; the organization behind it only while no client hangs on it."""
    before = HMSConnection.objects.filter(agency_id=agency_id).values_list("organization_id", flat=True).first()
    if before in (None, organization_id) or not Organization.objects.filter(hms_id__isnull=False).exists():
        return
    raise AnotherOrganization(
        _("Your clients are in another HMS organization than this key's. Please paste a key of the same organization.")
    )


def _seconds(minutes: Decimal | None) -> int | None:
    """Whole seconds, rounded down (also below zero: a debt is not made smaller)."""
    return None if minutes is None else int((minutes * 60).to_integral_value(rounding="ROUND_FLOOR"))
