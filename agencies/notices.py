"""What the team was told, as each of them sees it: the latest first, read or unread.

Reading is each person's own. Whoever joined later has read what was before. In public's tables, so both in public and
in an agency's schema.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from agencies import paging
from agencies.models import Agency, Membership
from notifications.models import Copy, Kind, Notification

PAGE_SIZE = 30


@dataclass(frozen=True, slots=True)
class Place:
    """An agency that somebody works for, and how many notifications they have not read there."""

    slug: str
    name: str
    role: Membership.Role
    portal_is_on: bool
    unread: int


@dataclass(frozen=True, slots=True)
class Page:
    """Notifications, each with whether it is unread; `older` is the key of the next page, "" on the last."""

    rows: list[tuple[Notification, bool]]
    older: str


def places_of(user_id: str) -> list[Place]:
    """The open agencies that this person works for, by name. One query."""
    mine = Membership.objects.filter(user_id=user_id, agency__state=Agency.State.READY).annotate(unread=unread_here())
    named = mine.order_by("agency__branding__company_name", "pk")
    columns = ("agency__slug", "agency__branding__company_name", "role", "agency__portal_is_on", "unread")
    return [
        Place(slug, name, Membership.Role(role), is_on, unread)
        for slug, name, role, is_on, unread in named.values_list(*columns)
    ]


def unread_here() -> Coalesce:
    """How many notifications are unread, for a query of memberships."""
    read = Copy.objects.filter(notification_id=OuterRef("pk"), membership_id=OuterRef(OuterRef("pk")))
    since = Notification.objects.filter(agency_id=OuterRef("agency_id"), last_at__gte=OuterRef("created_at"))
    unread = since.exclude(Exists(read.filter(read_at__gte=OuterRef("last_at"))))
    counted = unread.order_by().values("agency_id").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def page(*, agency_id: int, user_id: str, kind: Kind | None, only_unread: bool, after: str) -> Page:
    """A page of what the agency was told, `after` the one with this key."""
    member = Membership.objects.get(agency_id=agency_id, user_id=user_id)
    rows = Notification.objects.filter(agency_id=agency_id).annotate(is_read=Exists(_read(member)))
    rows = rows.filter(kind=kind) if kind else rows
    rows = rows.filter(is_read=False, last_at__gte=member.created_at) if only_unread else rows
    key = paging.read_key(after)
    if key is not None:
        rows = rows.filter(Q(last_at__lt=key[0]) | Q(last_at=key[0], pk__lt=key[1]))
    found = list(rows.order_by("-last_at", "-pk")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    older = paging.write_key(shown[-1].last_at, shown[-1].pk) if len(found) > PAGE_SIZE else ""
    return Page([(row, not row.is_read and row.last_at >= member.created_at) for row in shown], older)


def read_one(*, agency_id: int, user_id: str, notification_id: UUID, is_read: bool, now: datetime) -> Notification:
    """Mark one as read by this person, or as unread again. Raises Notification.DoesNotExist for another agency's."""
    row = Notification.objects.get(pk=notification_id, agency_id=agency_id)
    member = Membership.objects.get(agency_id=agency_id, user_id=user_id)
    Copy.objects.update_or_create(notification=row, membership=member, defaults={"read_at": now if is_read else None})
    return row


def read_all(*, agency_id: int, user_id: str, now: datetime) -> None:
    """Mark everything as read by this person; of what happens meanwhile nothing is lost."""
    with transaction.atomic():
        member = Membership.objects.get(agency_id=agency_id, user_id=user_id)
        unread = Notification.objects.filter(agency_id=agency_id, last_at__gte=member.created_at, last_at__lte=now)
        ids = list(unread.exclude(Exists(_read(member))).values_list("pk", flat=True))
        made = [Copy(notification_id=pk, membership=member) for pk in ids]
        Copy.objects.bulk_create(made, ignore_conflicts=True, batch_size=500)
        Copy.objects.filter(membership=member, notification__in=ids).update(read_at=now)


def _read(member: Membership) -> QuerySet[Copy]:
    """The member's copy of the notification in the query around it, if they have read it as it is now."""
    return Copy.objects.filter(
        notification_id=OuterRef("pk"), membership_id=member.pk, read_at__gte=OuterRef("last_at")
    )
