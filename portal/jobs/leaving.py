"""Jobs of leaving: write an archive, delete it when its time is over."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from leaving import exports


def make_export(subject: str) -> datetime | None:
    """Go on writing this archive."""
    return exports.make(export_id=UUID(subject), now=timezone.now())


def drop_export(subject: str) -> datetime | None:
    """Delete the file of this archive, when its time is over."""
    return exports.drop(export_id=UUID(subject), now=timezone.now())


JOBS: dict[str, Callable[[str], datetime | None]] = {exports.KIND: make_export, exports.DROP_KIND: drop_export}
