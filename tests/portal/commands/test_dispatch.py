from types import SimpleNamespace

import kombu.exceptions
import pytest

from agencies.models import Agency
from follow_ups import agenda, bell
from portal.management.commands import dispatch

pytestmark = pytest.mark.django_db


@pytest.fixture
def dispatcher(monkeypatch: pytest.MonkeyPatch) -> dispatch.Command:
    """A dispatcher that stops when it waits for Redis to come back."""
    command = dispatch.Command()
    monkeypatch.setattr(dispatch.signal, "signal", lambda number, handler: None)
    monkeypatch.setattr(dispatch, "close_old_connections", lambda: command.stopped.set())
    monkeypatch.setattr(bell, "wait", lambda seconds: command.stopped.set())
    return command


def test_what_redis_did_not_take_is_handed_out_again_at_once(
    acme: Agency, dispatcher: dispatch.Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(row: agenda.Claimed) -> None:
        raise kombu.exceptions.OperationalError("Connection refused")

    for subject in "ab":
        agenda.schedule(kind="look", subject=subject, agency_id=acme.pk)
    monkeypatch.setattr(dispatch, "hand_out", away)
    assert "handed out 0" in dispatcher.handle()
    assert {row.subject for row in agenda.claim()} == {"a", "b"}


def test_after_work_or_a_ring_it_looks_again_sooner(
    acme: Agency, dispatcher: dispatch.Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    rings = iter([False, True, False])
    now = 100.0

    def wait(seconds: float) -> bool:
        nonlocal now
        waited.append(seconds)
        has_rung = next(rings, None)
        if has_rung is None:
            dispatcher.stopped.set()
        now += 0 if has_rung else dispatch.STAYS_BUSY
        return bool(has_rung)

    monkeypatch.setattr(bell, "wait", wait)
    monkeypatch.setattr(dispatch, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(dispatch, "hand_out", lambda row: None)
    agenda.schedule(kind="look", agency_id=acme.pk)
    dispatcher.handle()
    busy, idle = dispatch.BUSY_SECONDS, dispatch.IDLE_SECONDS
    assert waited == [busy, idle, busy, idle]
    # Whoever keeps silent because they have just rung is found in time.
    assert bell._QUIET_SECONDS < dispatch.STAYS_BUSY
