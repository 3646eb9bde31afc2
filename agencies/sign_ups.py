"""Sign-ups on an agency's portal that have not come to their end: who, since when, and at which step they stopped.

A person who became a client is in the table of clients; everybody else is here. In the agency's schema.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import Exists, OuterRef, QuerySet

from agencies import arrivals
from clients.models import Client
from people.models import User


class Step(Enum):
    """What is still to happen."""

    # The code that was mailed was never typed in.
    CODE = "code"
    # The address is proved, and the first sign-in was cut off before the client was made.
    ARRIVAL = "arrival"


class NotWaitingToArrive(LookupError):
    """Nobody who proved an address waits under this id."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Somebody who began to sign up. They become a client by themselves as soon as they go on."""

    user_id: UUID
    email: str
    name: str
    began_at: datetime
    step: Step


def unfinished(*, limit: int, search: str = "") -> list[Unfinished]:
    """Who has not finished and has `search` in their address, the latest first, no more than `limit`. One query."""
    # No address holds a NUL, and PostgreSQL takes none.
    words = search.replace("\0", "").strip()
    found = _waiting().filter(email__icontains=words) if words else _waiting()
    return [
        Unfinished(each.pk, each.email, each.name, each.created_at, Step.ARRIVAL if each.is_proved else Step.CODE)
        for each in found.annotate(is_proved=Exists(_proved())).order_by("-created_at", "-pk")[:limit]
    ]


def newest_client_at() -> datetime | None:
    """When the last one became a client."""
    return Client.objects.order_by("-created_at").values_list("created_at", flat=True).first()


def let_in(*, user_id: UUID) -> Client:
    """Make who proved an address a client now, with everything that a client gets. Raises NotWaitingToArrive."""
    user = _waiting().filter(Exists(_proved()), pk=user_id).first()
    if user is None:
        raise NotWaitingToArrive(user_id)
    return arrivals.arrive(user=user, name=user.get_full_name())


def _waiting() -> QuerySet[User]:
    return User.objects.filter(is_active=True, client_member=None)


def _proved() -> QuerySet[EmailAddress]:
    """The proved address of the user in the query around it."""
    found: QuerySet[EmailAddress] = EmailAddress.objects.filter(user_id=OuterRef("pk"), verified=True)
    return found
