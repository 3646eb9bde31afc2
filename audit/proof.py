"""Proving that a log is what was written: every entry there, in its order, unaltered."""

from collections.abc import Iterator

from audit import trail
from audit.models import AuditEntry, AuditHead


def problems(agency_id: int) -> Iterator[str]:
    """One sentence for each thing that is not as it was written; nothing when the log is whole."""
    number, previous = 0, ""
    for entry in AuditEntry.objects.filter(agency_id=agency_id).order_by("number").iterator(chunk_size=1000):
        number += 1
        if entry.number != number:
            yield f"entry {number} is missing" if entry.number > number else f"entry {entry.number} is there twice"
            number = entry.number
        elif entry.digest != trail.digest(entry, previous):
            yield f"entry {number} was altered or moved"
        previous = entry.digest
    head = AuditHead.objects.filter(pk=agency_id).first()
    end = (head.number, head.digest) if head else (0, "")
    if end != (number, previous):
        yield f"the log ends at entry {number}, and {end[0]} were written"


def agencies() -> list[int]:
    """The ids of all agencies that have a log, also of those that are gone."""
    known = AuditHead.objects.values_list("agency_id", flat=True)
    found = AuditEntry.objects.values_list("agency_id", flat=True).distinct()
    return sorted({*known, *found})
