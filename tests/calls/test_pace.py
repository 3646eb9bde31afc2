from datetime import UTC, datetime, timedelta

import pytest

from calls import pace

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)


def seconds(**said: object) -> float:
    usual = {
        "is_running": False,
        "is_hinted": False,
        "time_is_missing": False,
        "hinted_at": None,
        "active_at": LONG_AGO,
    }
    return (pace.next_look(NOW, **(usual | said)) - NOW).total_seconds()


def test_a_running_call_is_looked_at_within_seconds() -> None:
    assert seconds(is_running=True) <= 5


def test_a_hint_that_the_list_does_not_show_yet_is_followed_up() -> None:
    assert seconds(is_hinted=True, hinted_at=NOW - timedelta(seconds=2)) <= 5


def test_a_missing_time_is_asked_for_soon() -> None:
    assert seconds(time_is_missing=True) <= 30


@pytest.mark.parametrize("said", [{"hinted_at": NOW - timedelta(hours=23)}, {"active_at": NOW - timedelta(hours=23)}])
def test_a_client_of_today_is_looked_at_within_a_minute(said: dict[str, datetime]) -> None:
    assert 30 <= seconds(**said) <= 60


def test_a_client_of_this_week_waits_minutes_and_a_quiet_one_hours() -> None:
    assert seconds(active_at=NOW - timedelta(days=6)) == 600
    assert timedelta(days=1).total_seconds() / seconds() <= 4
