"""What was said and who called is kept as long as the organization wants, and not a day longer."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

CONTENT = ("messages", "summary", "analysis_result", "recording_url")
PLAN = {"structured_data_plan": {"enabled": True, "schema": {"type": "object"}}}


def days_ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


@pytest.fixture
def kept(open_agency):
    agency = open_agency(analysis_plan=PLAN)
    days = {"content_retention_days": 30, "metadata_retention_days": 90}
    assert agency.child.patch("/organizations", json=days).json() == days
    return agency


def called(agency, days: float):
    return agency.finished(60, assistant_id=agency.assistant_id, started_at=days_ago(days))


def test_within_its_period_everything_is_shown(kept):
    call = kept.call(called(kept, 29)["id"])
    assert all(call[name] for name in (*CONTENT, "caller_phone"))


def test_after_the_first_period_nothing_said_is_shown_and_the_caller_still_is(kept):
    made = called(kept, 31)
    call = kept.call(made["id"])
    assert {name: call[name] for name in CONTENT} == dict.fromkeys(CONTENT)
    assert (call["caller_phone"], call["duration_seconds"]) == ("+31612345678", 60)
    assert httpx.get(made["recording_url"]).status_code == 404
    assert [one["messages"] for one in kept.child.get("/calls").json()["calls"]] == [None]


def test_after_the_second_period_nobody_called(kept):
    call = kept.call(called(kept, 91)["id"])
    assert (call["caller_phone"], call["summary"], call["duration_seconds"]) == (None, None, 60)
    assert kept.child.get("/usage").json()["summary"]["total_duration_seconds"] == 60


def test_without_periods_and_for_another_organization_everything_stays(kept, open_agency):
    other = open_agency()
    assert other.call(called(other, 800)["id"])["summary"]
