"""What does not add up, kept until somebody of the agency has looked at it. One row for one thing, however often it is
seen; what is seen again after it was resolved is open again.

To be called in the agency's schema; the rows lie in public, so that the operator sees those of every agency.
"""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from agencies.models import Discrepancy
from billing.models import Conflict, LedgerEntry, Purchase
from tenancy import schemas

Kind = Discrepancy.Kind
_LONGEST = 300
_OF_PURCHASE = "purchase "


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


def note_purchase(purchase: Purchase) -> Discrepancy:
    """Keep a purchase that nobody but a person can bring to its end, with its problem as the sentence."""
    return note(
        kind=Kind.STRIPE,
        subject=f"{_OF_PURCHASE}{purchase.pk}",
        words=purchase.problem,
        facts={
            "purchase": str(purchase.pk),
            "session": purchase.stripe_session_id or "",
            "payment_intent": purchase.stripe_payment_intent_id,
            "amount_minor": purchase.price_minor,
            "currency": purchase.currency,
            "livemode": purchase.livemode,
        },
        client_id=purchase.client_id,
    )


def note_conflict(conflict: Conflict, *, words: str) -> Discrepancy:
    """Keep a conflict of the ledger, so that it can be resolved with a sentence."""
    return note(
        kind=Kind.CONFLICT,
        subject=str(conflict.pk),
        words=words,
        facts={
            "kind": conflict.kind,
            "source": conflict.source,
            "source_id": conflict.source_id,
            "seconds": conflict.amount,
        },
        client_id=conflict.wallet_id,
    )


def unseen_conflicts() -> QuerySet[Conflict]:
    """Conflicts of the ledger that nobody resolved and no row stands for, the latest first.

    The second payment of a purchase is one as well; where the payment itself is kept, it stands for both.
    """
    rows = Discrepancy.objects.filter(agency_id=schemas.current_agency_id(), resolved_at=None)
    kept = list(rows.filter(kind=Kind.CONFLICT).values_list("subject", flat=True))
    paid_twice = list(rows.filter(kind=Kind.STRAY_PAYMENT).values_list("facts__purchase", flat=True))
    stands_for = Conflict.objects.filter(kind=LedgerEntry.Kind.PURCHASE, source="stripe", source_id__in=paid_twice)
    return (
        Conflict.objects.filter(resolved_at=None)
        .exclude(pk__in=kept)
        .exclude(pk__in=stands_for)
        .order_by("-created_at")
    )


def resolve(*, discrepancy_id: UUID, resolution: str, actor: Mapping[str, str]) -> Discrepancy:
    """Close it, with what was done about it, and the ledger's conflict that it stands for.

    Raises Discrepancy.DoesNotExist, ResolutionMissing.
    """
    said = " ".join(resolution.split())
    with transaction.atomic():
        rows = Discrepancy.objects.select_for_update(no_key=True)
        row = rows.get(pk=discrepancy_id, agency_id=schemas.current_agency_id())
        if not said:
            raise ResolutionMissing(discrepancy_id)
        if row.resolved_at is None:
            row.resolved_at, row.resolved_by, row.resolution = timezone.now(), dict(actor), said[:_LONGEST]
            row.save(update_fields=["resolved_at", "resolved_by", "resolution"])
            _conflicts_of(row).update(resolved_at=row.resolved_at)
    return row


def unresolved() -> QuerySet[Discrepancy]:
    """What the agency still has to look at, the latest first."""
    return Discrepancy.objects.filter(agency_id=schemas.current_agency_id(), resolved_at=None).order_by("-found_at")


def of_kind(kind: Discrepancy.Kind) -> QuerySet[Discrepancy]:
    """Everything of this kind that was ever kept of the agency, resolved or not."""
    return Discrepancy.objects.filter(agency_id=schemas.current_agency_id(), kind=kind)


def of_purchases() -> QuerySet[Discrepancy]:
    """Purchases that `note_purchase` has kept and nobody resolved."""
    return unresolved().filter(kind=Kind.STRIPE, subject__startswith=_OF_PURCHASE)


def resolved() -> QuerySet[Discrepancy]:
    """What was resolved, the latest first."""
    rows = Discrepancy.objects.filter(agency_id=schemas.current_agency_id(), resolved_at__isnull=False)
    return rows.order_by("-resolved_at")


def _conflicts_of(row: Discrepancy) -> QuerySet[Conflict]:
    waiting = Conflict.objects.filter(resolved_at=None)
    if row.kind == Kind.CONFLICT:
        return waiting.filter(pk=row.subject)
    purchase_id = row.facts.get("purchase")
    if row.kind == Kind.STRAY_PAYMENT and purchase_id:
        return waiting.filter(kind=LedgerEntry.Kind.PURCHASE, source="stripe", source_id=purchase_id)
    return waiting.none()
