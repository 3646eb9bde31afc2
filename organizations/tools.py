"""What a tool of ours is: it is asked by an assistant during a call, and its answer is spoken a moment later.

A tool answers from the database at once, or says what is to be waited for. Whatever is waited for uses no database.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import UUID


class ToolFailed(Exception):
    """The tool has no answer. The message is a sentence for the assistant to go by."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool, as HMS tells it. `arguments` is JSON as Python reads it, with Decimal for a fraction.

    `hms_call_id`: during which call it was asked; None when nobody is talking, because somebody tries the tool.
    """

    agency_id: int
    organization_id: UUID
    hms_call_id: str | None
    id: str
    name: str
    arguments: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Later:
    """An answer that somebody outside has to be waited for.

    `wait` takes the milliseconds that are left, gives the answer or raises ToolFailed. It runs in public, perhaps in a
    thread of its own, and is to use no database: none is open, so that a hundred that wait hold no connection.
    """

    wait: Callable[[int], Any]


# Runs in the agency's schema, outside a transaction. Gives the answer as JSON, or a Later; raises ToolFailed.
Tool: TypeAlias = "Callable[[ToolCall], Any]"
# Which of these names are tools of the organization. In the agency's schema.
Finder: TypeAlias = "Callable[[UUID, frozenset[str]], Mapping[str, Tool]]"
