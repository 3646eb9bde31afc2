"""When a claimed name is looked at next: soon while somebody waits for it, daily for ever. Pure.

All times are counted from the moment that the present state began, so a missed look moves none of the others.
"""

from datetime import datetime, timedelta

from domains.models import Domain, State

_AT_FIRST = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 20, 40))
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_HOURLY_UNTIL = timedelta(hours=48)
# A claim that nobody proves goes; a name that was given back is kept for its agency; a failing name is served.
CLAIM_LIVES = timedelta(days=7)
KEPT_BACK = timedelta(days=30)
FAILING_LIVES = timedelta(days=7)
# Looks closer together count as one: somebody who asks again and again proves nothing by it.
_MISSES_APART = timedelta(minutes=50)
# Silence says less than an answer without the record: it may be ours.
_SILENCES_APART = timedelta(hours=23)


def next_check_at(domain: Domain, now: datetime) -> datetime:
    """When to look at the name again, or, for one that was given back, when to let it go."""
    if domain.state == State.RELEASED:
        return (domain.released_at or now) + KEPT_BACK
    if domain.state == State.PENDING:
        return min(_widening(domain.created_at, now), max(domain.created_at + CLAIM_LIVES, now))
    if domain.state == State.FAILING:
        return _widening(domain.failing_at or now, now)
    if domain.state == State.VERIFIED and not domain.misses:
        return _widening(domain.verified_at or now, now)
    return now + (_HOUR if domain.is_served and domain.misses else _DAY)


def is_over(domain: Domain, now: datetime) -> bool:
    """Whether nothing is left to wait for: a claim without proof, or a name kept back long enough."""
    if domain.state == State.PENDING:
        return now >= domain.created_at + CLAIM_LIVES
    return domain.state == State.RELEASED and now >= (domain.released_at or now) + KEPT_BACK


def counts_as_miss(domain: Domain, now: datetime, *, is_silence: bool) -> bool:
    """Whether a look that found no proof is another miss, or the same one seen twice."""
    apart = _SILENCES_APART if is_silence else _MISSES_APART
    return domain.missed_at is None or now >= domain.missed_at + apart


def _widening(start: datetime, now: datetime) -> datetime:
    """The first moment after `now`: 1, 2, 5, 10, 20, 40 minutes, then hourly until 48 hours, then daily."""
    for pause in _AT_FIRST:
        if start + pause > now:
            return start + pause
    every = _HOUR if now - start < _HOURLY_UNTIL else _DAY
    return start + every * ((now - start) // every + 1)
