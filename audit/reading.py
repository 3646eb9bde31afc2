"""Looking things up in an agency's log: by person, by what was done, by time; the latest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from audit.models import AuditEntry


@dataclass(frozen=True, slots=True)
class Choice:
    """Which entries: an empty text and None leave it open. `until_at` is the first moment behind the period."""

    email: str = ""
    what: str = ""
    from_at: datetime | None = None
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, and the number that the next page begins below; None on the last."""

    entries: list[AuditEntry]
    older_below: int | None


def page(agency_id: int, choice: Choice, *, below: int | None, size: int) -> Page:
    """`size` entries with a number less than `below`, the latest first."""
    found = _chosen(agency_id, choice)
    if below is not None:
        found = found.filter(number__lt=below)
    rows = list(found[: size + 1])
    return Page(rows[:size], rows[size - 1].number if len(rows) > size else None)


def every(agency_id: int, choice: Choice) -> Iterator[AuditEntry]:
    """All chosen entries, the latest first, a few hundred at a time."""
    below: int | None = None
    while True:
        found = page(agency_id, choice, below=below, size=500)
        yield from found.entries
        if found.older_below is None:
            return
        below = found.older_below


def people(agency_id: int) -> list[str]:
    """The addresses of everybody who stands in the log."""
    found = AuditEntry.objects.filter(agency_id=agency_id).exclude(actor_email="")
    return list(found.order_by("actor_email").values_list("actor_email", flat=True).distinct())


def actions(agency_id: int) -> list[str]:
    """Everything that was done at least once."""
    found = AuditEntry.objects.filter(agency_id=agency_id).order_by("what")
    return list(found.values_list("what", flat=True).distinct())


def _chosen(agency_id: int, choice: Choice) -> QuerySet[AuditEntry]:
    found = AuditEntry.objects.filter(agency_id=agency_id).order_by("-number")
    if choice.email:
        found = found.filter(actor_email=choice.email)
    if choice.what:
        found = found.filter(what=choice.what)
    if choice.from_at:
        found = found.filter(at__gte=choice.from_at)
    if choice.until_at:
        found = found.filter(at__lt=choice.until_at)
    return found
