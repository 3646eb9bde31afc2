"""Days of calls as a busy office has them, made up from a seed: when they come, how long they take, how they end.

For the same callers the same seed gives the same calls, by id, whenever; only the days they lie on move with `until`.
"""

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from typing import Any

# How much is called in each hour of a working day, from midnight on.
_HOURS = (0, 0, 0, 0, 0, 0, 1, 4, 14, 22, 24, 20, 12, 17, 21, 19, 15, 8, 4, 2, 1, 1, 0, 0)
_WEEKEND = 0.15
_DIRECTIONS = {"inbound": 70, "outbound": 22, "web": 8}
# HMS's word and why the call ended so; of those that nobody talked in, without a duration.
_ENDINGS: dict[tuple[str, str], int] = {
    ("ended", "user_hangup"): 62,
    ("ended", "assistant_hangup"): 20,
    ("transferred", "transferred"): 6,
    ("ended", "silence_timeout"): 3,
    ("ended-with-error", "connection_lost"): 1,
    ("failed", "no_answer"): 6,
    ("rejected", "number_inactive"): 2,
}
_NOBODY_TALKED = frozenset({"failed", "rejected"})
# A minute and a half in the middle, a few seconds for a wrong number, half an hour at the most.
_MEDIAN_SECONDS, _SPREAD, _LONGEST_SECONDS = 90, 0.9, 1800
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Caller:
    """An organization at HMS that is called, and the assistant that answers."""

    organization_id: str
    assistant_id: str | None


def calls(
    callers: Sequence[Caller], *, number: int, seed: int, days: int, until: datetime
) -> Iterator[tuple[Caller, dict[str, Any]]]:
    """This many calls over the `days` that end `until`, each with the caller it is for, in no order.

    They are what the sandbox's lever for finished calls takes. Some callers are busier than others.
    """
    chance = Random(f"{seed}/{callers[0].organization_id}")  # noqa: S311 - no secret
    starts = [until - timedelta(days=back) for back in range(days, 0, -1)]
    busy_days = [_WEEKEND if day.weekday() >= 5 else 1.0 for day in starts]
    busy = [1 / (place + 2) for place in range(len(callers))]
    for _count in range(number):
        caller = chance.choices(callers, busy)[0]
        day = chance.choices(starts, busy_days)[0]
        yield caller, _call(caller, chance, _moment(day, until, chance))


def _moment(day: datetime, until: datetime, chance: Random) -> datetime:
    """Some time of the day, at an hour at which people call; never after `until`."""
    hour = chance.choices(range(24), _HOURS)[0]
    at = datetime.combine(day.date(), time(hour), day.tzinfo) + timedelta(seconds=chance.randrange(3600))
    return at if at + timedelta(seconds=_LONGEST_SECONDS) < until else at - timedelta(days=1)


def _call(caller: Caller, chance: Random, at: datetime) -> dict[str, Any]:
    direction = chance.choices(list(_DIRECTIONS), list(_DIRECTIONS.values()))[0]
    status, reason = chance.choices(list(_ENDINGS), list(_ENDINGS.values()))[0]
    person = f"+316{chance.randrange(10_000_000, 99_999_999)}"
    seconds = min(_LONGEST_SECONDS, 3 + int(_MEDIAN_SECONDS * chance.lognormvariate(0, _SPREAD)))
    mark = "".join(chance.choices(_ALPHABET, k=12))
    told = {
        "id": f"call-_{'web' if direction == 'web' else person}_{mark}",
        "organization_id": caller.organization_id,
        "direction": direction,
        "from": person,
        "started_at": at.isoformat(),
        "status": status,
        "end_reason": reason,
        "duration_seconds": None if status in _NOBODY_TALKED else seconds,
    }
    return told if caller.assistant_id is None else told | {"assistant_id": caller.assistant_id}
