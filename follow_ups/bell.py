"""A bell in Redis that wakes the dispatcher. It is a hint: if nobody hears it, the dispatcher looks by itself.

Who has just rung does not ring again: whoever was woken looks a few times more by itself (`manage.py dispatch`).
"""

import logging
import time
from functools import cache

import redis
from django.conf import settings

log = logging.getLogger(__name__)
_KEY = "follow_ups:bell"
_MOST = 1_000
# Shorter than a woken dispatcher goes on looking.
_QUIET_SECONDS = 0.02
_rang_at = 0.0


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=1)


def ring() -> None:
    """Tell a waiting dispatcher that something is due. Never fails."""
    global _rang_at
    if time.monotonic() < _rang_at + _QUIET_SECONDS:
        return
    _rang_at = time.monotonic()
    try:
        if int(_redis().lpush(_KEY, 1)) > _MOST:
            # Nobody has listened for long.
            _redis().ltrim(_KEY, 0, 0)
    except redis.RedisError as error:
        log.warning("the bell is out of order: %s", type(error).__name__)


def wait(seconds: float) -> bool:
    """Sleep until the bell rings, at most this long. False when it did not, or cannot."""
    try:
        has_rung = _redis().blpop([_KEY], timeout=seconds) is not None
        if has_rung:
            # One look answers all that have rung until now.
            _redis().delete(_KEY)
        return has_rung
    except redis.TimeoutError:
        return False
