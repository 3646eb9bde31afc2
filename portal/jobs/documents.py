"""The job that reads a client's documents, one after the other."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from organizations import documents


def read(subject: str) -> datetime | None:
    """Read the next of the organization's documents; come back at once while others wait."""
    return timezone.now() if documents.read_next(UUID(subject)) else None


JOBS: dict[str, Callable[[str], datetime | None]] = {documents.KIND: read}
