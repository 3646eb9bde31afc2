"""Needs attention: everything that does not add up and waits for a person, each with its facts and one thing to do.

Kept discrepancies and the ledger's own conflicts are one list. Looking changes nothing; resolving takes a sentence and
remembers who said it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from agencies import control, discrepancies, reconciliation
from agencies.models import Discrepancy
from billing.models import Conflict
from clients.models import Client
from inbox import stripe_events

Kind = Discrepancy.Kind
MOST = 200
LATEST_RESOLVED = 10


class Action(Enum):
    """The one thing to do about it."""

    OPEN_IN_STRIPE = "open_in_stripe"
    REFUND_IN_STRIPE = "refund_in_stripe"
    ALLOCATE = "allocate"
    OPEN_CLIENT = "open_client"
    OPEN_MINUTES = "open_minutes"
    LOOK_AGAIN = "look_again"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that waits. `id` is a discrepancy's or, where none is kept yet, a conflict's; `client` may be None."""

    id: UUID
    kind: Discrepancy.Kind
    words: str
    facts: Mapping[str, Any]
    client: Client | None
    found_at: datetime
    action: Action


def count() -> int:
    """How many things wait."""
    return discrepancies.unresolved().count() + discrepancies.unseen_conflicts().count()


def items() -> list[Item]:
    """What waits, the latest first; never more than MOST. Four queries, however many there are."""
    rows = list(discrepancies.unresolved()[:MOST])
    conflicts = list(discrepancies.unseen_conflicts()[:MOST])
    ids = {row.client_id for row in rows} | {conflict.wallet_id for conflict in conflicts}
    clients = Client.objects.in_bulk([client_id for client_id in ids if client_id is not None])
    found = [_of_row(row, clients) for row in rows] + [_of_conflict(conflict, clients) for conflict in conflicts]
    return sorted(found, key=lambda item: item.found_at, reverse=True)[:MOST]


def latest_resolved() -> list[Discrepancy]:
    """What was resolved last, the latest first."""
    return list(discrepancies.resolved()[:LATEST_RESOLVED])


def resolve(*, item_id: UUID, resolution: str, actor: Mapping[str, str]) -> Discrepancy:
    """Close it with what was done about it. Raises Discrepancy.DoesNotExist, discrepancies.ResolutionMissing."""
    with transaction.atomic():
        conflict = Conflict.objects.filter(pk=item_id, resolved_at=None).first()
        if conflict is not None:
            item_id = discrepancies.note_conflict(conflict, words=conflict_words(conflict)).pk
        return discrepancies.resolve(discrepancy_id=item_id, resolution=resolution, actor=actor)


def look_again(*, item_id: UUID) -> None:
    """Have it compared once more by the jobs, now. Raises Discrepancy.DoesNotExist for nothing of this agency."""
    row = discrepancies.unresolved().get(pk=item_id)
    if row.kind == Kind.EVENT:
        stripe_events.again(agency_id=row.agency_id, event_id=row.subject)
    elif row.kind == Kind.CONTROL:
        control.schedule_one(UUID(row.subject))
    else:
        reconciliation.schedule()


def conflict_words(conflict: Conflict) -> str:
    """What a conflict of the ledger means, in a sentence."""
    words = _("%(source)s told the same thing again with another figure. The first stands, the second was not booked.")
    return words % {"source": {"hms": "HMS", "stripe": "Stripe"}.get(conflict.source, _("Somebody"))}


def _of_row(row: Discrepancy, clients: Mapping[UUID, Client]) -> Item:
    client = clients.get(row.client_id) if row.client_id else None
    return Item(row.pk, Kind(row.kind), row.words, row.facts, client, row.found_at, _action(row, client))


def _of_conflict(conflict: Conflict, clients: Mapping[UUID, Client]) -> Item:
    facts = {
        "kind": conflict.kind,
        "source": conflict.source,
        "source_id": conflict.source_id,
        "seconds": conflict.amount,
    }
    return Item(
        conflict.pk,
        Kind.CONFLICT,
        conflict_words(conflict),
        facts,
        clients.get(conflict.wallet_id),
        conflict.created_at,
        Action.OPEN_CLIENT,
    )


def _action(row: Discrepancy, client: Client | None) -> Action:
    if row.kind == Kind.STRAY_PAYMENT:
        if row.facts.get("mode") == "subscription":
            return Action.OPEN_IN_STRIPE
        if not row.facts.get("payment_intent"):
            return Action.ALLOCATE if client else Action.LOOK_AGAIN
        # Whoever is known to have paid for nothing gets the money back; a stranger's payment is looked at first.
        return Action.REFUND_IN_STRIPE if client else Action.OPEN_IN_STRIPE
    if row.kind == Kind.STRAY_CALLS:
        return Action.OPEN_MINUTES
    if row.kind in (Kind.LEDGER, Kind.CONFLICT) and client:
        return Action.OPEN_CLIENT
    if row.kind == Kind.STRIPE and row.facts.get("payment_intent"):
        return Action.OPEN_IN_STRIPE
    return Action.LOOK_AGAIN
