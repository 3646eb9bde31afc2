"""Decides whether a failed request is sent again, and after how long; never what could then happen twice."""

from typing import Final

from hms_client.constants import FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS, LONGEST_WAIT_SECONDS
from hms_client.errors import ConnectionFailed, HMSError, RateLimited, ServerFault

REPEATABLE: Final = frozenset({"GET", "PUT", "DELETE"})


def wait_before(error: HMSError, *, method: str, attempt: int) -> float | None:
    """Return the seconds to wait before another attempt (`attempt` counts from 0), None when there must be none.

    429 is answered before a request is looked at, so every method may follow it. After a server's
    fault or a lost answer only methods whose repetition changes nothing are sent again.
    """
    if isinstance(error, RateLimited):
        asked = _backoff(attempt) if error.retry_after is None else float(error.retry_after)
        return min(asked, LONGEST_WAIT_SECONDS)
    if method in REPEATABLE and isinstance(error, ServerFault | ConnectionFailed):
        return _backoff(attempt)
    return None


def _backoff(attempt: int) -> float:
    return float(min(FIRST_BACKOFF_SECONDS * 2**attempt, LONGEST_BACKOFF_SECONDS))
