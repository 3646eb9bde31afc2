"""Where a member is signed in, and for how long: each session of the platform has a place here, and ends with it.

A session ends after 30 minutes without a request of the person's own, 12 hours after it began in any case, and at once
when it, or all of them, are ended by hand. In public.
"""

import uuid
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from agencies.models import MemberSession
from people.models import User

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
# Seen is noted once a minute: who loads ten pages writes one row.
_NOTED_EVERY = timedelta(minutes=1)


def begin(*, user_id: uuid.UUID, device: str, came_from: str | None) -> MemberSession:
    """A new session. `device` is what the browser calls itself."""
    return MemberSession.objects.create(user_id=user_id, device=device[:300], came_from=came_from)


def go_on(*, session_id: uuid.UUID, user_id: uuid.UUID, came_from: str | None, counts: bool, now: datetime) -> bool:
    """Whether the session still holds for a request, which is noted when it `counts` as the person's own.

    A page that asks for news by itself does not count.
    """
    row = _running(now).filter(pk=session_id, user_id=user_id).first()
    if row is None:
        return False
    if counts and now - row.seen_at >= _NOTED_EVERY:
        MemberSession.objects.filter(pk=row.pk).update(seen_at=now, came_from=came_from)
    return True


def of(user: User) -> list[MemberSession]:
    """The sessions of this person that hold, the one seen last first."""
    return list(_running(timezone.now()).filter(user_id=user.pk).order_by("-seen_at"))


def end(*, user: User, session_id: uuid.UUID) -> bool:
    """End one session of this person; whether there was one."""
    return bool(MemberSession.objects.filter(user_id=user.pk, pk=session_id).delete()[0])


def end_all(*, user: User) -> int:
    """End every session of this person; returns how many."""
    return MemberSession.objects.filter(user_id=user.pk).delete()[0]


def forget(now: datetime) -> int:
    """Delete what has ended by itself; returns how many."""
    return MemberSession.objects.filter(~Q(pk__in=_running(now).values("pk"))).delete()[0]


def _running(now: datetime) -> QuerySet[MemberSession]:
    return MemberSession.objects.filter(seen_at__gt=now - IDLE, began_at__gt=now - LONGEST)
