"""The five things one does with most nouns of the API: list, get, create, update, delete."""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from hms_client.reading import list_of, unwrapped
from hms_client.transport import Transport

S = TypeVar("S")


class Collection(Generic[S]):
    """Rows of one shape under one path. `many` and `one` are the keys HMS wraps its answers in."""

    def __init__(self, transport: Transport, path: str, *, many: str, one: str, read: Callable[[object], S]) -> None:
        self._transport, self._path = transport, path
        self._many, self._one, self._read = many, one, read

    def list(self) -> tuple[S, ...]:
        """Return all rows; HMS does not page them."""
        return list_of(self._transport.request("GET", self._path), self._read, self._many, what=self._many)

    def get(self, item_id: str, /) -> S:
        """Return one row. Raises NotFound, or Forbidden, when it is not the organization's."""
        return self._one_of("GET", "/{id}", {"id": item_id}, None)

    def delete(self, item_id: str, /) -> None:
        """Delete one row. Raises Conflict while something else uses it."""
        self._transport.request("DELETE", self._path + "/{id}", path={"id": item_id})

    def _create(self, fields: Mapping[str, object]) -> S:
        return self._one_of("POST", "", {}, fields)

    def _update(self, item_id: str, changes: Mapping[str, object]) -> S:
        return self._one_of("PATCH", "/{id}", {"id": item_id}, changes)

    def _one_of(self, method: str, below: str, path: Mapping[str, str], body: Mapping[str, object] | None) -> S:
        answer = self._transport.request(method, self._path + below, path=path, body=body)
        return self._read(unwrapped(answer, self._one))


def renamed(fields: Mapping[str, object], names: Mapping[str, str]) -> dict[str, object]:
    """Return `fields` under the names HMS gives them in requests."""
    return {names.get(name, name): value for name, value in fields.items()}


def given(**fields: object) -> dict[str, object]:
    """Return the fields that are not None: for requests in which null has no meaning."""
    return {name: value for name, value in fields.items() if value is not None}
