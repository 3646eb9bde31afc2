"""What does not add up, kept until somebody of the agency has looked at it. One row for one thing, however often it is
seen; what is seen again after it was resolved is open again.

To be called in the agency's schema; the rows lie in public, so that the operator sees those of every agency.
"""

from collections.abc import Mapping
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from agencies.models import Discrepancy
from tenancy import schemas

Kind = Discrepancy.Kind
_LONGEST = 300


class ResolutionMissing(ValueError):
    """Whoever closes a discrepancy says what was done about it."""


def note(
    *,
    kind: Discrepancy.Kind,
    subject: str,
    words: str,
    facts: Mapping[str, str | int | bool | None],
    client_id: UUID | None = None,
) -> Discrepancy:
    """Keep that this does not add up. `words` is one sentence for the agency, `facts` what it is based on.

    Seen again it is the same row, with what is said now; a resolved one is opened again if the facts are others.
    """
    now = timezone.now()
    said = {"words": words[:_LONGEST], "facts": dict(facts), "client_id": client_id, "seen_at": now}
    row, is_new = Discrepancy.objects.get_or_create(
        agency_id=schemas.current_agency_id(), kind=kind, subject=subject[:_LONGEST], defaults=said
    )
    if is_new:
        return row
    if row.facts != said["facts"]:
        row.resolved_at, row.resolved_by, row.resolution = None, {}, ""
    for name, value in said.items():
        setattr(row, name, value)
    row.save()
    return row


def gone(*, kind: Discrepancy.Kind, subject: str) -> None:
    """It adds up again: whatever was open about it is resolved by itself."""
    unresolved().filter(kind=kind, subject=subject[:_LONGEST]).update(
        resolved_at=timezone.now(), resolved_by={"kind": "portal", "id": "", "email": ""}, resolution=""
    )


def resolve(*, discrepancy_id: UUID, resolution: str, actor: Mapping[str, str]) -> Discrepancy:
    """Close it, with what was done about it. Raises Discrepancy.DoesNotExist, ResolutionMissing."""
    said = " ".join(resolution.split())
    if not said:
        raise ResolutionMissing(discrepancy_id)
    row = Discrepancy.objects.get(pk=discrepancy_id, agency_id=schemas.current_agency_id())
    if row.resolved_at is None:
        row.resolved_at, row.resolved_by, row.resolution = timezone.now(), dict(actor), said[:_LONGEST]
        row.save(update_fields=["resolved_at", "resolved_by", "resolution"])
    return row


def unresolved() -> QuerySet[Discrepancy]:
    """What the agency still has to look at, the latest first."""
    return Discrepancy.objects.filter(agency_id=schemas.current_agency_id(), resolved_at=None).order_by("-found_at")
