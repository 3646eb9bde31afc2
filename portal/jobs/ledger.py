"""Jobs of the ledger: credits whose time is over."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from billing import expiry


def expire(subject: str) -> datetime | None:
    """Book what has expired of a client's credits, and say when the next of them will."""
    return expiry.expire(UUID(subject), timezone.now())


JOBS: dict[str, Callable[[str], datetime | None]] = {expiry.KIND: expire}
