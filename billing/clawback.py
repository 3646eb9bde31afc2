"""How many seconds go back when money goes back: pure sums over what Stripe shows.

Each refund and each dispute has a share that follows from all of them, never from the order in which news arrived. The
shares always sum to `credits_to_remove` of all money that went back, so thirds leave nothing over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Part:
    """Money of one payment that is with the buyer again: by a refund or a dispute, since `happened_at` at Stripe."""

    id: str
    minor: int
    happened_at: datetime
    # Stripe counts in seconds. Within one the refund came first: what is disputed cannot be refunded any more.
    is_dispute: bool = False


def credits_to_remove(*, seconds: int, paid_minor: int, returned_minor: int) -> int:
    """Seconds that a payment has lost once so much of it went back: rounded down, and all of them for all of it.

    More than was paid never goes back: a dispute on refunded money takes nothing a second time.
    """
    if paid_minor <= 0:
        return 0
    return seconds * min(max(returned_minor, 0), paid_minor) // paid_minor


def shares(*, seconds: int, paid_minor: int, parts: Iterable[Part]) -> dict[str, int]:
    """Seconds that each part takes, by its id; the oldest takes first."""
    taken, returned = {}, 0
    for part in sorted(parts, key=lambda part: (part.happened_at, part.is_dispute, part.id)):
        before = credits_to_remove(seconds=seconds, paid_minor=paid_minor, returned_minor=returned)
        returned += part.minor
        after = credits_to_remove(seconds=seconds, paid_minor=paid_minor, returned_minor=returned)
        taken[part.id] = after - before
    return taken
