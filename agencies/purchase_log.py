"""The purchases of all clients of an agency, the latest first, a page at a time or as a file. Reads only."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from agencies import paging
from billing.models import Purchase

PAGE = 25
ROWS_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Choice:
    """Which purchases: those in this state whose client's name or e-mail address holds these words; "" for all."""

    state: str = ""
    search: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Purchases with their client. `older` is the key of the page after this one, "" on the last."""

    purchases: list[Purchase]
    older: str


def page(choice: Choice, *, after: str = "", size: int = PAGE) -> Page:
    """A page of purchases from the key `after` on, in one query. A bad key starts over."""
    found = list(_after(_chosen(choice), after)[: size + 1])
    older = paging.write_key(found[size - 1].created_at, found[size - 1].pk) if len(found) > size else ""
    return Page(found[:size], older)


def every(choice: Choice) -> Iterator[Purchase]:
    """Every chosen purchase with its refunds and disputes, read some at a time: memory does not grow with the list."""
    after, chosen = "", _chosen(choice).prefetch_related("refunds", "disputes")
    while True:
        found = list(_after(chosen, after)[:ROWS_AT_A_TIME])
        yield from found
        if len(found) < ROWS_AT_A_TIME:
            return
        after = paging.write_key(found[-1].created_at, found[-1].pk)


def _chosen(choice: Choice) -> QuerySet[Purchase]:
    found = Purchase.objects.select_related("client").order_by("-created_at", "-pk")
    if choice.state:
        found = found.filter(state=choice.state)
    # No name holds a NUL, and PostgreSQL takes none.
    words = choice.search.replace("\0", "").strip()
    if words:
        found = found.filter(Q(client__email__icontains=words) | Q(client__name__icontains=words))
    return found


def _after(found: QuerySet[Purchase], after: str) -> QuerySet[Purchase]:
    key = paging.read_key(after)
    if key is None:
        return found
    at, pk = key
    return found.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk))
