"""People who began to sign up on the portal and are no client yet: who, since when, and at which step they stopped."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import QuerySet

from people.models import User

SHOWN = 50


class Step(StrEnum):
    """Where it stopped: before the code from the e-mail was entered, or after, before anything was opened."""

    CODE = "code"
    ARRIVAL = "arrival"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """One person. They become a client by themselves as soon as they go on."""

    email: str
    name: str
    step: Step
    began_at: datetime


def sign_ups(*, search: str = "", limit: int = SHOWN) -> list[Unfinished]:
    """The latest of them, at most `limit`, whose address holds `search`. In the agency's schema, one query."""
    # No address holds a NUL, and PostgreSQL takes none.
    words = search.replace("\0", "").strip()
    found = _of_portal().filter(email__icontains=words) if words else _of_portal()
    return [
        # Entering the code signs a person in, and nothing else does before it.
        Unfinished(each.email, each.name, Step.ARRIVAL if each.last_login else Step.CODE, each.created_at)
        for each in found.order_by("-created_at", "-pk")[:limit]
    ]


def count() -> int:
    """How many there are."""
    return _of_portal().count()


def _of_portal() -> QuerySet[User]:
    return User.objects.filter(is_active=True, client_member__isnull=True)
