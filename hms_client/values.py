"""JSON as this library holds it: exact (no float), unchangeable, comparable, and silent about secrets when printed."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeAlias, cast

Json: TypeAlias = "bool | int | Decimal | str | tuple[Json, ...] | FrozenMap | None"

_SECRET = re.compile(r"api[-_]?key|secret|token|password|authorization|^headers$", re.IGNORECASE)
MASK = "***"


class FrozenMap(Mapping[str, "Json"]):
    """A JSON object that cannot change. Printing it masks whatever is named like a secret."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, object] | None = None) -> None:
        self._items: dict[str, Json] = {key: freeze(value) for key, value in (items or {}).items()}

    @classmethod
    def of(cls, items: "dict[str, Json]") -> "FrozenMap":
        """Around a dict whose values are in this form already, and which nobody else keeps."""
        made = cls.__new__(cls)
        made._items = items
        return made

    def copied(self) -> "dict[str, Json]":
        """A dict of its own with the same items."""
        return self._items.copy()

    def __getitem__(self, key: str) -> Json:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        shown = {key: MASK if value is not None and _SECRET.search(key) else value for key, value in self.items()}
        return f"FrozenMap({shown!r})"


_AS_THEY_ARE = frozenset({str, int, bool, type(None), Decimal, FrozenMap})


def freeze(value: object, without: frozenset[str] = frozenset()) -> Json:
    """Return `value`, any JSON as Python reads it, in this library's form; fields named in `without` are passed over.

    Raises TypeError for anything else.
    """
    if type(value) in _AS_THEY_ARE:
        return cast("Json", value)
    if type(value) is dict:
        return FrozenMap.of({name: freeze(each, without) for name, each in value.items() if name not in without})
    if value is None or isinstance(value, bool | int | str | Decimal | FrozenMap):
        return value
    if isinstance(value, float):  # a caller's own json.loads made it; its shortest text is what was on the wire
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return FrozenMap(value)
    if isinstance(value, list | tuple):
        return tuple(freeze(each, without) for each in value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def decode(content: bytes, *, without: frozenset[str] = frozenset()) -> Json:
    """Read JSON without ever making a float; `without` as in `freeze`.

    Raises ValueError for whatever is not JSON, NaN included.
    """
    try:
        return freeze(json.loads(content, parse_float=Decimal, parse_constant=_refuse_constant), without)
    except (ArithmeticError, RecursionError) as error:
        raise ValueError(f"not readable as JSON: {type(error).__name__}") from None


def encode(body: Mapping[str, object]) -> bytes:
    """Write a request's body. None stays null: in a PATCH it means "clear this"."""
    return json.dumps(body, default=_plain, separators=(",", ":"), allow_nan=False).encode()


def wire_time(value: datetime | date | str) -> str:
    """Return a point in time as HMS takes it (UTC, `Z`); a plain date and a text are sent as they are.

    Raises ValueError for a datetime without a time zone, whose meaning would be a guess.
    """
    if not isinstance(value, datetime):
        return value if isinstance(value, str) else value.isoformat()
    if value.utcoffset() is None:
        raise ValueError("a datetime needs a time zone")
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, datetime | date):
        return wire_time(value)
    if isinstance(value, Decimal):  # settings such as a temperature; JSON has one kind of number, and so has `json`
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
