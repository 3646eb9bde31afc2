"""Jobs of the ledger: credits whose time is over, and test credits of a portal that went live."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from agencies import going_live
from billing import expiry


def expire(subject: str) -> datetime | None:
    """Book what has expired of a client's credits, and say when the next of them will."""
    return expiry.expire(UUID(subject), timezone.now())


def go_live(_subject: str) -> datetime | None:
    """Remove the test credits of the agency."""
    going_live.remove_test_credits()
    return None


JOBS: dict[str, Callable[[str], datetime | None]] = {expiry.KIND: expire, going_live.KIND: go_live}
