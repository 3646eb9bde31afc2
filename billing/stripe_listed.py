"""What stands in Stripe's own lists, as far as this portal reads it: sessions with what tells whose they are, events.

The same shapes are read from the object in a signed event, which may be rendered in any version: what is not there is
empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from billing import stripe_shapes
from billing.stripe_shapes import CheckoutState, DisputeState, RefundState

_PAID = ("paid", "no_payment_required")


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A Checkout session, and what shows who made it. `price_ids` are known only where the list was asked for them."""

    state: CheckoutState
    created_at: datetime
    # Where the buyer is led back to: the host alone, in lower case.
    success_host: str = ""
    price_ids: tuple[str, ...] = ()
    buyer_email: str = ""

    @property
    def is_paid(self) -> bool:
        """Whether the buyer has done what was to be done: the money came, or none was due.

        What is only set aside at the buyer's bank has not come.
        """
        if self.state.payment_intent_status == "requires_capture":
            return False
        return self.state.status == "complete" and self.state.payment_status in _PAID

    @property
    def paid_minor(self) -> int:
        """What came in, in minor units of the session's currency, with taxes and discounts."""
        return self.state.amount_total or 0 if self.state.payment_status == "paid" else 0


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """An event as Stripe's list shows it; `body` is the whole of it, as JSON."""

    id: str
    type: str
    livemode: bool
    api_version: str
    event_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class Lists:
    """What Stripe has on record since a moment. None for a list that the key may not read, named in `unread`.

    `account_id` is the account that the lists are of, "" where the key does not say.
    """

    asked_at: datetime
    since: datetime
    livemode: bool
    sessions: tuple[ListedSession, ...] | None
    refunds: tuple[RefundState, ...] | None
    disputes: tuple[DisputeState, ...] | None
    events: tuple[ListedEvent, ...] | None
    account_id: str = ""

    @property
    def unread(self) -> list[str]:
        """The names of the lists that the key may not read."""
        return [name for name in ("sessions", "refunds", "disputes", "events") if getattr(self, name) is None]


def listed_session(session: Mapping[str, Any]) -> ListedSession:
    """The shape of a session as a list or an event shows it. Raises stripe_shapes.NotASession."""
    state = stripe_shapes.told_state(session)
    try:
        return ListedSession(
            state=state,
            created_at=datetime.fromtimestamp(int(session.get("created") or 0), UTC),
            success_host=(urlsplit(str(session.get("success_url") or "")).hostname or "").lower(),
            price_ids=_prices((session.get("line_items") or {}).get("data") or []),
            buyer_email=str((session.get("customer_details") or {}).get("email") or ""),
        )
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        raise stripe_shapes.NotASession("The event holds no Checkout session.") from error


def _prices(items: list[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(str(item["price"]["id"]) for item in items if item.get("price"))
