"""Which calls are meant: by period, direction, outcome, assistant and words. Reads only.

The same choice gives the list, the file and the figures above them, so that they speak of the same calls.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Lower, Replace

from calls import rating
from calls.models import Call

DIRECTIONS = ("inbound", "outbound", "web")
# Names to choose from are those of the latest calls: older ones are still found by their name.
_LATEST = 1_000
_NOT_DIGITS = re.compile(r"\D+")
_LEAST_DIGITS = 3


class Outcome(StrEnum):
    """How a call stands, in the few kinds that people ask for."""

    RUNNING = "running"
    ENDED = "ended"
    PASSED_ON = "passed-on"
    BROKE_OFF = "broke-off"
    NOT_ANSWERED = "not-answered"
    NOT_CONNECTED = "not-connected"
    OTHER = "other"


_WORDS: dict[Outcome, frozenset[str]] = {
    Outcome.RUNNING: rating.LIVE_STATUSES,
    Outcome.ENDED: frozenset({"ended"}),
    Outcome.PASSED_ON: frozenset({"transferred"}),
    Outcome.BROKE_OFF: frozenset({"ended-with-error"}),
    Outcome.NOT_ANSWERED: frozenset({"rejected", "insufficient-credits"}),
    Outcome.NOT_CONNECTED: frozenset({"failed"}),
}
_KNOWN = frozenset(word for words in _WORDS.values() for word in words)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked for; what is empty or None asks for everything. Times are those at which HMS made the call.

    `until` is not part of the period. `search` looks for names and for digits of numbers.
    """

    client_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    direction: str = ""
    outcome: Outcome | None = None
    assistant: str = ""
    search: str = ""


def outcome_of(status: str) -> Outcome:
    """The kind that HMS's word belongs to."""
    word = rating.normal(status)
    return next((outcome for outcome, words in _WORDS.items() if word in words), Outcome.OTHER)


def chosen(choice: Choice) -> QuerySet[Call]:
    """The calls of a choice, in no order."""
    exact: dict[str, Any] = {
        "organization__client_id": choice.client_id,
        "placed_at__gte": choice.since,
        "placed_at__lt": choice.until,
        "direction": choice.direction,
        "assistant_name": choice.assistant,
    }
    found = Call.objects.filter(**{name: value for name, value in exact.items() if value})
    if choice.outcome is not None:
        found = _of_outcome(found, choice.outcome)
    # No name holds a NUL, and PostgreSQL takes none.
    words = choice.search.replace("\0", "").strip()
    return found.filter(_saying(words, of_any_client=choice.client_id is None)) if words else found


def assistants(client_id: UUID | None) -> list[str]:
    """Names of the assistants of the latest calls, of one client or of all."""
    found = chosen(Choice(client_id=client_id)).order_by("-placed_at", "-pk")
    names = set(found.values_list("assistant_name", flat=True)[:_LATEST])
    return sorted(filter(None, names), key=str.casefold)


def _of_outcome(found: QuerySet[Call], outcome: Outcome) -> QuerySet[Call]:
    spelled = Replace(Lower(F("status")), Value("_"), Value("-"), output_field=CharField())
    found = found.alias(word=spelled)
    return found.exclude(word__in=_KNOWN) if outcome is Outcome.OTHER else found.filter(word__in=_WORDS[outcome])


def _saying(words: str, *, of_any_client: bool) -> Q:
    said = Q(assistant_name__icontains=words)
    # Written at home a number begins with a zero that its international form does not have.
    digits = _NOT_DIGITS.sub("", words).lstrip("0")
    if len(digits) >= _LEAST_DIGITS:
        said |= Q(customer_number__contains=digits) | Q(own_number__contains=digits)
    if of_any_client:
        said |= Q(organization__client__name__icontains=words) | Q(organization__client__email__icontains=words)
    return said
