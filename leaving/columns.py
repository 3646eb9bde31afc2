"""How a table of an archive is described: its rows, their order, and each column explained."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet

TIME = "ISO 8601, in UTC"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in the file, the lookup that it is read by, what it means, how its value is shown."""

    name: str
    lookup: str
    says: str
    shown: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A file. `of_agency` and `of_client` are the lookups that hold the agency's id (public tables) and the client's.

    Without `of_client` it is in no client's archive. `key` orders the rows and tells where to go on.
    """

    name: str
    model: type[Model]
    says: str
    columns: tuple[Column, ...]
    of_agency: str = ""
    of_client: str = ""
    key: tuple[str, ...] = ("pk",)
    also: tuple[tuple[str, Any], ...] = ()

    def rows(self, agency_id: int, client_id: UUID | None) -> QuerySet[Any]:
        """All rows of the agency or of the client, in the order of their key."""
        found = self.model._default_manager.filter(**dict(self.also))
        if self.of_agency:
            found = found.filter(**{self.of_agency: agency_id})
        if client_id is not None:
            found = found.filter(**{self.of_client: client_id})
        return found.order_by(*self.key)


def columns(**of: str) -> tuple[Column, ...]:
    """`name="lookup: what it means"`; without a lookup the column is called as in the table."""
    made = []
    for name, text in of.items():
        lookup, colon, says = text.partition(": ")
        made.append(Column(name, lookup, says) if colon and lookup.isidentifier() else Column(name, name, text))
    return tuple(made)
