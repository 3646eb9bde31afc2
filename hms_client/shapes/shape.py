"""How a shape says, once per field, what it is called in JSON and how strictly it is read.

    @shape
    class Lamp(Shape):
        id: str = required(identity)                    # missing, null or of another kind: UnexpectedAnswer
        watt: Decimal | None = exact(decimal, "power")  # may be missing; of another kind: UnexpectedAnswer
        name: str | None = optional(text, shown=False)  # of another kind: left in `extra`; not printed
        extra: FrozenMap = rest()                       # whatever was not understood

Further names are older spellings of HMS's; the first that is present and not null counts.
"""

import dataclasses
from collections.abc import Callable
from functools import cache
from typing import Any, Self, TypeVar, cast, dataclass_transform

from hms_client.reading import Reader, items
from hms_client.values import FrozenMap, Json

T = TypeVar("T")
S = TypeVar("S", bound="Shape")
_Take = Callable[[Reader, str], object]


def required(convert: Callable[[Json], T], *other_names: str, shown: bool = True) -> T:
    """A field without which the answer is worthless."""
    return cast(T, _field(lambda read, name: read.required(convert, name, *other_names), shown))


def exact(convert: Callable[[Json], T], *other_names: str, shown: bool = True) -> T | None:
    """A field that may be missing, but must not be misread."""
    return cast(T, _field(lambda read, name: read.exact(convert, name, *other_names), shown))


def optional(convert: Callable[[Json], T], *other_names: str, shown: bool = True) -> T | None:
    """A field that only informs."""
    return cast(T, _field(lambda read, name: read.optional(convert, name, *other_names), shown))


def rest(*, shown: bool = True) -> FrozenMap:
    """The last field of every shape: all that was not understood."""
    return cast(FrozenMap, _field(lambda read, _: read.rest(), shown))


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(required, exact, optional, rest))
def shape(cls: type[S]) -> type[S]:
    """Make a class a frozen shape."""
    return dataclasses.dataclass(frozen=True, slots=True, kw_only=True)(cls)


class Shape:
    """Something HMS tells."""

    __slots__ = ()

    @classmethod
    def from_json(cls, raw: object) -> Self:
        """Read parsed JSON. Raises UnexpectedAnswer, which names the field but never its value."""
        read = Reader(raw, cls.__name__)
        return cls(**{name: take(read, name) for name, take in _fields(cast(Any, cls))})


@cache
def _fields(kind: type[Shape]) -> tuple[tuple[str, _Take], ...]:
    """The fields of a shape, in their order, each with how it is taken."""
    return tuple((field.name, field.metadata["take"]) for field in dataclasses.fields(cast(Any, kind)))


def rows(kind: type[S]) -> Callable[[Json], tuple[S, ...]]:
    """Return the converter for a list of shapes."""
    return lambda value: tuple(kind.from_json(each) for each in items(value))


def _field(take: _Take, shown: bool) -> object:
    return dataclasses.field(repr=shown, metadata={"take": take})
