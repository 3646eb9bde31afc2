"""The bell wakes whoever waits, is not rung twice in one moment, and never holds more than a few rings."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import redis
from django.conf import settings

from follow_ups import bell


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """The Redis of this worker, with a bell that nobody has rung."""
    own = redis.Redis.from_url(settings.REDIS_URL)
    own.delete(bell._KEY)
    monkeypatch.setattr(bell, "_redis", lambda: own)
    monkeypatch.setattr(bell, "_rang_at", float("-inf"))
    yield own
    own.delete(bell._KEY)


def test_a_ring_ends_the_waiting_and_is_heard_once(line: redis.Redis) -> None:
    bell.ring()
    assert bell.wait(5)
    assert not bell.wait(0.01)


def test_all_that_rang_before_is_one_ring(line: redis.Redis) -> None:
    line.lpush(bell._KEY, *range(40))
    assert bell.wait(5)
    assert not bell.wait(0.01)


def test_who_has_just_rung_does_not_ring_again(line: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(bell, "time", SimpleNamespace(monotonic=lambda: now))
    bell.ring()
    now += bell._QUIET_SECONDS / 2
    bell.ring()
    assert line.llen(bell._KEY) == 1
    now += bell._QUIET_SECONDS
    bell.ring()
    assert line.llen(bell._KEY) == 2


def test_a_bell_that_nobody_hears_does_not_fill_redis(line: redis.Redis) -> None:
    line.lpush(bell._KEY, *range(bell._MOST))
    bell.ring()
    assert line.llen(bell._KEY) == 1
