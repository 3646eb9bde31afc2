"""Requests per minute, counted in fixed windows of 60 seconds; the count is in memory only."""

import threading
import time
from dataclasses import dataclass

WINDOW_SECONDS = 60


@dataclass(frozen=True)
class Count:
    """Where a key stands in its window: `remaining` after this request, `reset` as Unix seconds."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool

    def headers(self) -> dict[str, str]:
        """The headers of every answer, and the one more of a 429."""
        named = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }
        if self.exceeded:
            named["Retry-After"] = str(self.seconds_left())
        return named

    def seconds_left(self) -> int:
        return max(1, self.reset - int(time.time()))


class Limiter:
    """Counts requests per name (a key, or one running call)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[int, int]] = {}

    def count(self, name: str, limit: int) -> Count:
        """Counts one request of `name` against `limit` a minute."""
        window = int(time.time()) // WINDOW_SECONDS
        with self._lock:
            began, used = self._windows.get(name, (window, 0))
            used = used + 1 if began == window else 1
            self._windows[name] = (window, used)
        return Count(limit, max(0, limit - used), (window + 1) * WINDOW_SECONDS, used > limit)

    def look(self, name: str, limit: int) -> Count:
        """Where `name` stands, without another request."""
        window = int(time.time()) // WINDOW_SECONDS
        with self._lock:
            began, used = self._windows.get(name, (window, 0))
        used = used if began == window else 0
        return Count(limit, max(0, limit - used), (window + 1) * WINDOW_SECONDS, exceeded=False)

    def forget(self) -> None:
        """Starts every window anew."""
        with self._lock:
            self._windows.clear()
