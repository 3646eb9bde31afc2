"""Stripe's own lists, read to their end: what it has on record, whatever any webhook has told.

Each page holds a hundred. A list that the key may not read is None, so that nobody takes it for an empty one.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _

from billing import stripe_shapes
from billing.stripe_gateway.asking import asking
from billing.stripe_gateway.endpoints import EVENTS
from billing.stripe_listed import ListedEvent, ListedSession, Lists, listed_session
from billing.stripe_shapes import DisputeState, RefundState, StripeRightMissing, StripeUnreachable
from vault import key_shapes

PAGE = 100
# Stripe gives events out for this long.
EVENTS_REACH_BACK = timedelta(days=30)
# Stripe takes no more kinds of events in one question.
_MOST_TYPES = 20
_T = TypeVar("_T")


class _Object(Protocol):
    def to_dict(self) -> dict[str, Any]: ...


def fetch_sessions(*, secret_key: str, since: datetime, deadline: datetime | None = None) -> tuple[ListedSession, ...]:
    """Every session that was completed and was made since then, with its prices. Raises StripeUnreachable when Stripe
    needs longer than until the deadline."""
    asked = _made_since(since) | {"status": "complete", "expand": ["data.line_items"]}
    with asking(secret_key) as client:
        pages = client.v1.checkout.sessions.list(asked)
        return tuple(listed_session(one) for one in _all(pages.auto_paging_iter(), deadline))


def fetch_refunds_since(
    *, secret_key: str, since: datetime, deadline: datetime | None = None
) -> tuple[RefundState, ...]:
    """Every refund that was made since then and belongs to a payment."""
    with asking(secret_key) as client:
        pages = client.v1.refunds.list(_made_since(since))
        found = _all(pages.auto_paging_iter(), deadline)
        return tuple(stripe_shapes.refund_state(one) for one in found if one.get("payment_intent"))


def fetch_disputes_since(
    *, secret_key: str, since: datetime, deadline: datetime | None = None
) -> tuple[DisputeState, ...]:
    """Every dispute that was opened since then and is about a payment, with what it has moved."""
    with asking(secret_key) as client:
        pages = client.v1.disputes.list(_made_since(since))
        found = _all(pages.auto_paging_iter(), deadline)
        return tuple(stripe_shapes.dispute_state(one) for one in found if one.get("payment_intent"))


def fetch_events(
    *, secret_key: str, since: datetime, undelivered_only: bool = False, types: Sequence[str] = EVENTS
) -> tuple[ListedEvent, ...]:
    """Every event of these kinds since then, oldest first; only those that no endpoint has taken, when asked.

    Stripe gives them out for 30 days, so an earlier moment brings no more.
    """
    found: dict[str, ListedEvent] = {}
    for first in range(0, len(types), _MOST_TYPES):
        asked = _made_since(since) | {"types": [*types[first : first + _MOST_TYPES]]}
        if undelivered_only:
            asked["delivery_success"] = False
        with asking(secret_key) as client:
            pages = client.v1.events.list(asked)
            found |= {one["id"]: _event(one) for one in _all(pages.auto_paging_iter(), None)}
    return tuple(sorted(found.values(), key=lambda event: (event.event_at, event.id)))


def fetch_lists(*, secret_key: str, since: datetime) -> Lists:
    """All four lists since a moment. Raises the failures of stripe_shapes, except for a right that the key lacks.

    Events are asked for as far back as Stripe gives them out.
    """
    asked_at = timezone.now()
    events_since = max(since, asked_at - EVENTS_REACH_BACK)
    return Lists(
        asked_at=asked_at,
        since=since,
        livemode=key_shapes.is_live(secret_key),
        sessions=_or_none(lambda: fetch_sessions(secret_key=secret_key, since=since)),
        refunds=_or_none(lambda: fetch_refunds_since(secret_key=secret_key, since=since)),
        disputes=_or_none(lambda: fetch_disputes_since(secret_key=secret_key, since=since)),
        events=_or_none(lambda: fetch_events(secret_key=secret_key, since=events_since)),
    )


def _or_none(fetch: Callable[[], _T]) -> _T | None:
    try:
        return fetch()
    except StripeRightMissing:
        return None


def _made_since(since: datetime) -> Any:
    return {"created": {"gte": int(since.timestamp())}, "limit": PAGE}


def _all(pages: Iterable[_Object], deadline: datetime | None) -> Iterator[dict[str, Any]]:
    patience = None if deadline is None else time.monotonic() + (deadline - timezone.now()).total_seconds()
    for one in pages:
        if patience is not None and time.monotonic() > patience:
            raise StripeUnreachable(_("Stripe needs too long for all of this. Please try again in a minute."))
        yield one.to_dict()


def _event(event: dict[str, Any]) -> ListedEvent:
    return ListedEvent(
        id=str(event["id"]),
        type=str(event["type"]),
        livemode=event["livemode"] is True,
        api_version=str(event.get("api_version") or ""),
        event_at=datetime.fromtimestamp(event["created"], UTC),
        body=json.dumps(event, default=str).encode(),
    )
