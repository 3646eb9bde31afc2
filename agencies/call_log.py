"""The calls of all clients of an agency, the latest first, a page at a time. Two queries at most."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from agencies import paging
from calls.models import Call

PAGE = 30


@dataclass(frozen=True, slots=True)
class Page:
    """Calls with their organization and client. `older` is the key of the page after this one, "" on the last."""

    calls: list[Call]
    older: str


def page(*, client_id: UUID | None = None, after: str = "", size: int = PAGE) -> Page:
    """A page of calls, of one client or of all, from the key `after` on. A bad key starts over."""
    found = Call.objects.select_related("organization__client").order_by("-placed_at", "-pk")
    if client_id is not None:
        found = found.filter(organization__client_id=client_id)
    key = paging.read_key(after)
    if key is not None:
        at, pk = key
        found = found.filter(Q(placed_at__lt=at) | Q(placed_at=at, pk__lt=pk))
    calls = list(found[: size + 1])
    older = paging.write_key(calls[size - 1].placed_at, calls[size - 1].pk) if len(calls) > size else ""
    return Page(calls[:size], older)
