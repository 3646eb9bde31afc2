"""Who of the team is mailed what: chosen by each for themselves, written down before a mail is sent and after.

A mail to one person holds everything of one kind that they have not been told. Where much may happen there is one such
mail a day: the first a few minutes after the first news, what comes later the next morning. To be called in public.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from agencies.models import Agency, Membership
from follow_ups import agenda
from notifications.models import Copy, Kind, Notification

# The follow-up of a mail; its subject is `<membership>:<kind>`.
MAIL_KIND = "notification_mail"
# As many as an agency has clients: once a day for each person. Of the others there are a handful at most.
GATHERED = frozenset({Kind.LOW_BALANCE, Kind.DELIVERY, Kind.DISPUTE, Kind.REFUND, Kind.NEW_CLIENT})
_GATHERS_FOR = timedelta(minutes=5)
_MORNING = time(8)
_SHARED_AGAIN_FOR = timedelta(days=2)
# An owner hears of all that needs them, a manager of what a manager can do something about.
_USUAL: dict[str, frozenset[Kind]] = {
    Membership.Role.OWNER: frozenset(Kind) - {Kind.REFUND, Kind.NEW_CLIENT},
    Membership.Role.MANAGER: frozenset({Kind.LOW_BALANCE, Kind.DELIVERY, Kind.DISPUTE}),
    Membership.Role.VIEWER: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Item:
    """A notification in a mail. `fresh` of its count were not told before."""

    copy_id: int
    notification: Notification
    fresh: int


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that is written down as being sent, to a member with person, agency and brand."""

    to: Membership
    kind: Kind
    items: list[Item]


@dataclass(frozen=True, slots=True)
class Later:
    """The person has had today's mail of this kind."""

    at: datetime


def mailed_kinds(member: Membership) -> frozenset[Kind]:
    """What is mailed to this member: what they chose, or what is usual for their role."""
    if member.mailed_kinds is None:
        return _USUAL.get(member.role, frozenset())
    return frozenset(kind for kind in Kind if kind.value in member.mailed_kinds)


def choose(*, agency_id: int, user_id: str, kinds: Collection[Kind]) -> None:
    """Keep which kinds are mailed to this person by this agency. Raises Membership.DoesNotExist."""
    chosen = sorted(kind.value for kind in kinds)
    if not Membership.objects.filter(agency_id=agency_id, user_id=user_id).update(mailed_kinds=chosen):
        raise Membership.DoesNotExist(user_id)


def share(notification_id: UUID, now: datetime) -> None:
    """Make a copy for everybody who is mailed this kind, and ask for their mails. Doing it again changes nothing."""
    with transaction.atomic():
        row = Notification.objects.filter(pk=notification_id).first()
        if row is None:
            return
        kind = Kind(row.kind)
        found = [each for each in _team(row.agency_id) if kind in mailed_kinds(each)]
        Copy.objects.bulk_create([Copy(notification=row, membership=each) for each in found], ignore_conflicts=True)
        for member in found:
            due_at = now if kind not in GATHERED else _not_before(member.pk, kind, now) or now + _GATHERS_FOR
            agenda.schedule(kind=MAIL_KIND, subject=f"{member.pk}:{kind.value}", due_at=due_at, agency_id=row.agency_id)


def unshared(agency_id: int, now: datetime) -> list[UUID]:
    """What was noted lately: sharing it again asks for every mail that is still to come."""
    found = Notification.objects.filter(agency_id=agency_id, last_at__gte=now - _SHARED_AGAIN_FOR)
    return list(found.values_list("pk", flat=True))


def begin(*, agency_id: int, membership_id: int, kind: Kind, now: datetime) -> Mail | Later | None:
    """Write down that everything of this kind that this member was not told is being sent to them.

    None when there is nothing to send: it was sent, they have left, or they are not mailed this kind any more. Later
    when the day's mail of a gathered kind went out.
    """
    with transaction.atomic():
        # The lock puts two workers with the same mail one after the other.
        locked = Membership.objects.select_for_update(no_key=True, of=("self",))
        member = locked.filter(pk=membership_id).select_related("user", "agency", "agency__branding").first()
        if member is None or not _is_mailed(member, agency_id, kind):
            return None
        copies = list(_untold(member.pk, kind))
        if not copies:
            return None
        later = _not_before(member.pk, kind, now) if kind in GATHERED else None
        if later is not None:
            return Later(later)
        for each in copies:
            each.mail, each.mailed_at = Copy.Mail.SENDING, now
        items = [Item(each.pk, each.notification, each.notification.count - each.told) for each in copies]
        for each in copies:
            each.told = each.notification.count
        Copy.objects.bulk_update(copies, ["mail", "mailed_at", "told"])
    return Mail(member, kind, items)


def sent(mail: Mail) -> None:
    """The mail server has taken it."""
    _sending(mail.items).update(mail=Copy.Mail.SENT)


def drop(items: Collection[Item]) -> None:
    """These are not so any more, so nobody is told."""
    _sending(items).update(mail=Copy.Mail.NONE, mailed_at=None)


def put_back(mail: Mail) -> None:
    """It was certainly not sent: all of it is still to be told."""
    with transaction.atomic():
        for item in mail.items:
            _sending([item]).update(told=F("told") - item.fresh, mail=Copy.Mail.NONE, mailed_at=None)


def _team(agency_id: int) -> list[Membership]:
    found = Membership.objects.filter(agency_id=agency_id, user__is_active=True)
    return list(found.order_by("pk"))


def _is_mailed(member: Membership, agency_id: int, kind: Kind) -> bool:
    is_here = member.agency_id == agency_id and member.agency.state == Agency.State.READY and member.user.is_active
    return is_here and kind in mailed_kinds(member)


def _untold(membership_id: int, kind: Kind) -> QuerySet[Copy]:
    mine = Copy.objects.filter(membership_id=membership_id, notification__kind=kind)
    found = mine.filter(told__lt=F("notification__count")).select_related("notification")
    return found.order_by("notification__noted_at", "notification_id")


def _not_before(membership_id: int, kind: Kind, now: datetime) -> datetime | None:
    """When the next mail of a gathered kind may go out; None for at once. Two are a calendar day apart."""
    mine = Copy.objects.filter(membership_id=membership_id, notification__kind=kind, mailed_at__isnull=False)
    last = mine.order_by("-mailed_at").values_list("mailed_at", flat=True).first()
    today = timezone.localdate(now)
    if last is None or timezone.localdate(last) < today:
        return None
    return timezone.make_aware(datetime.combine(today + timedelta(days=1), _MORNING))


def _sending(items: Collection[Item]) -> QuerySet[Copy]:
    return Copy.objects.filter(pk__in=[item.copy_id for item in items], mail=Copy.Mail.SENDING)
