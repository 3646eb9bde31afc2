from typing import Any

import pytest

from calls import permission

OURS = {"webhook_url": "https://elsewhere.example.com", "webhook_secret": "theirs", "webhook_events": []}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, {"max_duration_seconds": 130}),
        ({"max_duration_seconds": 60}, {"max_duration_seconds": 60}),
        ({"max_duration_seconds": 3_600}, {"max_duration_seconds": 130}),
        *(({"max_duration_seconds": odd}, {"max_duration_seconds": 130}) for odd in (True, 0, -5, "60", None, 6.5)),
        ({"error": "We are closed."}, {"error": "We are closed."}),
        ({"error": "", "max_duration_seconds": 9}, {"max_duration_seconds": 9}),
        ({"error": {"code": 1}}, {"max_duration_seconds": 130}),
        (
            {"assistant": {"name": "Night", "max_duration_seconds": 900}},
            {"assistant": {"name": "Night", "max_duration_seconds": 130}, "max_duration_seconds": 130},
        ),
        (
            {"assistant_id": "a1"},
            {"assistant_id": "a1", "assistant_override": {"max_duration_seconds": 130}, "max_duration_seconds": 130},
        ),
        (
            {"assistant_id": "a1", "assistant_override": {"first_message": "Hi", "max_duration_seconds": 20}},
            {
                "assistant_id": "a1",
                "assistant_override": {"first_message": "Hi", "max_duration_seconds": 20},
                "max_duration_seconds": 130,
            },
        ),
    ],
)
def test_a_client_says_how_and_we_say_how_long(said: dict[str, Any], told: dict[str, Any]) -> None:
    assert permission.within(said, 130) == told


@pytest.mark.parametrize("part", ["assistant", "assistant_override"])
def test_no_answer_leads_hms_reports_elsewhere(part: str) -> None:
    told = permission.within({part: {"name": "Night", **OURS}, **OURS}, 130)
    assert told == {part: {"name": "Night", "max_duration_seconds": 130}, "max_duration_seconds": 130}
