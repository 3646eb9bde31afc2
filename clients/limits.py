"""What an agency allows one client: how many calls at once, how long a day and a call, and what a caller hears.

A limit that is not set is none. They are read whenever a call wants to start, so a change counts from the next one on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from clients.models import Client

# The least that a call is started with, and the most that one call sets aside, unless the agency says otherwise.
LEAST_SECONDS: Final = 30
CALL_SECONDS: Final = 1800
MOST_AT_ONCE: Final = 1000
# A day has no more, and a call is not waited for longer.
MOST_A_DAY: Final = 1000 * 60 * 60
MOST_A_CALL: Final = 4 * 60 * 60
MOST_LEAST: Final = 3600
LONGEST_SENTENCE: Final = 300


@dataclass(frozen=True, slots=True)
class Limits:
    """`calls_at_once` and `seconds_a_day` are None for none. `sentence` is said to a caller whose call is not taken, ""
    for ours; the assistant of HMS's with `assistant_id` answers instead when credits have run out, "" for none."""

    calls_at_once: int | None = None
    seconds_a_day: int | None = None
    seconds_a_call: int = CALL_SECONDS
    least_seconds: int = LEAST_SECONDS
    sentence: str = ""
    assistant_id: str = ""


class LimitRefused(ValueError):
    """A limit makes no sense. `field` is the one it is about; the message is for whoever set it."""

    def __init__(self, field: str, sentence: str) -> None:
        self.field = field
        super().__init__(sentence)


def of(client_id: UUID) -> Limits:
    """What holds for this client now."""
    kept = Client.objects.filter(pk=client_id).values_list("limits", flat=True).first()
    return read(kept or {})


def read(kept: Mapping[str, Any]) -> Limits:
    """Limits as a client's row has them."""
    return Limits(**{name: kept[name] for name in Limits.__slots__ if kept.get(name) is not None})


def choose(*, client_id: UUID, limits: Limits) -> None:
    """Keep these limits for the client. Raises LimitRefused."""
    _refuse_outside("calls_at_once", limits.calls_at_once, 1, MOST_AT_ONCE)
    # With the grace it is a started minute: with less, a call could cost more than both.
    _refuse_outside("least_seconds", limits.least_seconds, LEAST_SECONDS, MOST_LEAST)
    _refuse_outside("seconds_a_call", limits.seconds_a_call, 1, MOST_A_CALL)
    _refuse_outside("seconds_a_day", limits.seconds_a_day, 1, MOST_A_DAY)
    if limits.seconds_a_call < limits.least_seconds:
        raise LimitRefused("seconds_a_call", _("A call may not be shorter than the least that one is started with."))
    if limits.seconds_a_day is not None and limits.seconds_a_day < limits.least_seconds:
        raise LimitRefused("seconds_a_day", _("This is less than one call needs: no call would ever start."))
    if len(limits.sentence) > LONGEST_SENTENCE:
        raise LimitRefused("sentence", _("Use at most %(most)s characters.") % {"most": LONGEST_SENTENCE})
    usual = Limits()
    kept = {name: getattr(limits, name) for name in Limits.__slots__}
    changed = {name: value for name, value in kept.items() if value != getattr(usual, name)}
    Client.objects.filter(pk=client_id).update(limits=changed)


def _refuse_outside(field: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        raise LimitRefused(field, _("Choose something from %(least)s to %(most)s.") % {"least": least, "most": most})
