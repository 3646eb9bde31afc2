"""How a shape is read from JSON: by name or by any of its older names, keeping whatever is not understood.

What money or identity hangs on is read exactly or not at all; a merely informative field of a
surprising kind is left in `extra` instead of spoiling the whole answer.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from hms_client.errors import UnexpectedAnswer
from hms_client.values import FrozenMap, Json, freeze

T = TypeVar("T")

_LARGEST_SECONDS = 10**9
_LARGEST_EXPONENT = 15


class Reader:
    """Takes named fields out of one JSON object; `rest()` is what nobody asked for."""

    def __init__(self, raw: object, what: str) -> None:
        value = freeze(raw)
        if not isinstance(value, FrozenMap):
            raise UnexpectedAnswer(f"{what}: not a JSON object", body=value)
        self._whole, self._what = value, what
        self._left: dict[str, Json] = value.copied()

    def required(self, convert: Callable[[Json], T], *names: str) -> T:
        """Return the field. Raises UnexpectedAnswer when it is missing, null or of another kind."""
        found = self.exact(convert, *names)
        if found is None:
            raise UnexpectedAnswer(f"{self._what}.{names[0]} is missing", body=self._whole)
        return found

    def exact(self, convert: Callable[[Json], T], *names: str) -> T | None:
        """Return the field, None when missing or null. Raises UnexpectedAnswer when it is of another kind."""
        name = self._present(names)
        if name is None:
            return None
        try:
            return self._take(name, convert)
        except ValueError as error:  # the value itself is not told: it may be personal
            raise UnexpectedAnswer(f"{self._what}.{name} is not {error}", body=self._whole) from None

    def optional(self, convert: Callable[[Json], T], *names: str) -> T | None:
        """Return the field, None when missing or null; one of another kind stays in `rest()`."""
        name = self._present(names)
        if name is None:
            return None
        try:
            return self._take(name, convert)
        except ValueError:
            return None

    def rest(self) -> FrozenMap:
        """Return the fields not taken, unknown ones and second names included."""
        return FrozenMap.of(self._left.copy())

    def _present(self, names: tuple[str, ...]) -> str | None:
        left = self._left
        found = None
        for name in names:
            if name in left:
                if left[name] is None:
                    del left[name]
                elif found is None:
                    found = name
        return found

    def _take(self, name: str, convert: Callable[[Json], T]) -> T:
        converted = convert(self._left[name])
        del self._left[name]
        return converted


def text(value: Json) -> str:
    """Any text."""
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def identity(value: Json) -> str:
    """A text that can name something: not empty."""
    if not isinstance(value, str) or not value:
        raise ValueError("an id")
    return value


def flag(value: Json) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def decimal(value: Json) -> Decimal:
    """A number of minutes or money, exactly as written; a number inside a text is taken too."""
    try:
        number = Decimal(value) if isinstance(value, int | str | Decimal) and not isinstance(value, bool) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or number.adjusted() > _LARGEST_EXPONENT:
        raise ValueError("a number")
    return number


def whole(value: Json) -> int:
    """A whole number; 3.0 is one."""
    number = None if isinstance(value, str) else decimal(value)
    if number is None or number != number.to_integral_value():
        raise ValueError("a whole number")
    return int(number)


def seconds(value: Json) -> int:
    """A duration. A fraction is refused rather than rounded: how HMS would round it is not documented."""
    number = whole(value)
    if not 0 <= number <= _LARGEST_SECONDS:
        raise ValueError("a duration in seconds")
    return number


def moment(value: Json) -> datetime:
    """A point in time, in UTC; without a zone it is taken to be UTC, as HMS documents."""
    try:
        read = datetime.fromisoformat(text(value))
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("a time") from None


def mapping(value: Json) -> FrozenMap:
    """A JSON object, kept as it is."""
    if not isinstance(value, FrozenMap):
        raise ValueError("an object")
    return value


def items(value: Json) -> tuple[Json, ...]:
    """A JSON list, kept as it is."""
    if not isinstance(value, tuple):
        raise ValueError("a list")
    return value


def texts(value: Json) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(text(each) for each in items(value))


def list_of(value: Json, read: Callable[[object], T], *names: str, what: str) -> tuple[T, ...]:
    """Return the rows under the first of `names`, or the rows of a bare list."""
    if isinstance(value, tuple):
        return tuple(read(each) for each in value)
    return tuple(read(each) for each in Reader(value, what).required(items, *names))


def unwrapped(value: Json, name: str) -> Json:
    """Return what stands under `name`; some answers, and some versions of HMS, do not wrap."""
    return value[name] if isinstance(value, FrozenMap) and name in value else value
