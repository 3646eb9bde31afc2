"""Jobs of the relay: a message to a client's endpoint, and letting old ones go."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from organizations import deliveries


def deliver(subject: str) -> datetime | None:
    """Send what waits; when to try again."""
    return deliveries.attempt(UUID(subject))


def forget(subject: str) -> datetime | None:
    """Let the agency's old bodies and rows go; when the next ones are due."""
    return deliveries.forget(timezone.now())


JOBS: dict[str, Callable[[str], datetime | None]] = {deliveries.KIND: deliver, deliveries.FORGET_KIND: forget}
