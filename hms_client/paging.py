"""Walks pages by offset while rows come and go: each row once, none hidden by rows that moved a few places."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from hms_client.constants import MAX_PAGE_SIZE, PAGE_OVERLAP
from hms_client.errors import InvalidArgument
from hms_client.reading import Reader, mapping, whole
from hms_client.values import Json


class Row(Protocol):
    """Anything with an id."""

    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=Row)


def checked_limit(limit: int) -> int:
    """Return the size of a page. Raises InvalidArgument outside 1 to 1000."""
    if not 1 <= limit <= MAX_PAGE_SIZE:
        raise InvalidArgument(f"a page holds 1 to {MAX_PAGE_SIZE} rows")
    return limit


def total_of(answer: Json, what: str) -> int:
    """Return how many rows the whole list has. Raises UnexpectedAnswer when a page does not say it."""
    return Reader(Reader(answer, what).required(mapping, "pagination"), f"{what}.pagination").required(whole, "total")


def walk(fetch: Callable[[int, int], tuple[Sequence[R], int]], *, page_size: int) -> Iterator[R]:
    """Yield every row once. `fetch(limit, offset)` returns a page's rows and the total HMS counts.

    New rows push old ones onto the next page: those are skipped by id. Rows that vanish pull later
    ones forward: each page therefore starts a few rows before the end of the last. A row that
    arrives before the page already read is for the next walk, so let windows in time overlap.
    """
    seen: set[str] = set()
    offset, overlap = 0, min(PAGE_OVERLAP, checked_limit(page_size) // 2)
    while True:
        rows, total = fetch(page_size, offset)
        for row in rows:
            if row.id not in seen:
                seen.add(row.id)
                yield row
        if not rows or offset + len(rows) >= total:
            return
        offset += max(1, len(rows) - overlap)
