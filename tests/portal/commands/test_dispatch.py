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
