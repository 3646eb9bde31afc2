"""The calls of all clients of an agency or of one, the latest first, a page at a time or every one. Reads only."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from agencies import paging
from calls import choosing
from calls.choosing import Choice
from calls.models import Call

PAGE = 30
ROWS_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Page:
    """Calls with their organization and client. `older` is the key of the page after this one, "" on the last."""

    calls: list[Call]
    older: str


def page(choice: Choice, *, after: str = "", size: int = PAGE) -> Page:
    """A page of the chosen calls from the key `after` on, in one query. A bad key starts over."""
    found = list(_after(_latest_first(choice), after)[: size + 1])
    older = _key(found[size - 1]) if len(found) > size else ""
    return Page(found[:size], older)


def every(choice: Choice) -> Iterator[Call]:
    """Every chosen call, read some at a time: memory does not grow with the list."""
    after, latest = "", _latest_first(choice)
    while True:
        found = list(_after(latest, after)[:ROWS_AT_A_TIME])
        yield from found
        if len(found) < ROWS_AT_A_TIME:
            return
        after = _key(found[-1])


def _latest_first(choice: Choice) -> QuerySet[Call]:
    return choosing.chosen(choice).select_related("organization__client").order_by("-placed_at", "-pk")


def _after(found: QuerySet[Call], after: str) -> QuerySet[Call]:
    key = paging.read_key(after)
    if key is None:
        return found
    at, pk = key
    return found.filter(Q(placed_at__lt=at) | Q(placed_at=at, pk__lt=pk))


def _key(call: Call) -> str:
    return paging.write_key(call.placed_at, call.pk)
