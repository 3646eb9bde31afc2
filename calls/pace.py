"""How soon an organization's list of calls is read again: soon while something happens, rarely where nothing does.

Pure. A hint of HMS or a call that we place asks at once, whatever stands here; these are the pauses without one. With
the fastest of them an organization's key is used 20 times a minute for the list, of the 100 that HMS allows.
"""

from datetime import datetime, timedelta

_RUNNING = timedelta(seconds=3)
# HMS said that something happened and its list does not show it yet.
_JUST_HINTED = timedelta(seconds=5)
HINT_IS_FOLLOWED = timedelta(minutes=1)
_TIME_MISSING = timedelta(seconds=15)
_TODAY = timedelta(seconds=45)
_THIS_WEEK = timedelta(minutes=10)
# Three looks a day; the fourth request of a day is for the control total.
QUIET = timedelta(hours=8)


def next_look(
    now: datetime,
    *,
    is_running: bool,
    is_hinted: bool,
    time_is_missing: bool,
    hinted_at: datetime | None,
    active_at: datetime,
) -> datetime:
    """When to read the list again. `is_running`: a call runs or has time set aside; `is_hinted`: HMS has just said of
    one what the list does not; `time_is_missing`: one that ended a short while ago has no duration yet.
    """
    last = max(active_at, hinted_at or active_at)
    if is_running:
        pause = _RUNNING
    elif is_hinted:
        pause = _JUST_HINTED
    elif time_is_missing:
        pause = _TIME_MISSING
    elif now - last < timedelta(days=1):
        pause = _TODAY
    else:
        pause = _THIS_WEEK if now - last < timedelta(days=7) else QUIET
    return now + pause
