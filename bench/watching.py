"""When rows were there for others to see, as somebody finds who looks again and again."""

from __future__ import annotations

import time

import psycopg

from stack import terminal


def first_seen(database_url: str, look: str, number: int, *, every: float, patience: float) -> dict[str, float]:
    """When each of `number` keys was first found, by the clock of time.monotonic().

    `look` is a query with one value, the moment at which the watching began, that gives a key in each row. Looks
    `every` so many seconds, which takes from the processors that are measured. Raises Trouble after `patience` seconds.
    """
    seen_at: dict[str, float] = {}
    deadline = time.monotonic() + patience
    with psycopg.connect(database_url, autocommit=True) as connection:
        since = connection.execute("SELECT clock_timestamp()").fetchone()
        while len(seen_at) < number:
            found = connection.execute(look.encode(), since).fetchall()
            now = time.monotonic()
            for (key,) in found:
                seen_at.setdefault(key, now)
            if now > deadline:
                raise terminal.Trouble(f"only {len(seen_at)} of {number} came to a balance.")
            time.sleep(every)
    return seen_at
