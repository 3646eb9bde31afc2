"""GET /usage: a row per talked call, and a sum over everything the filter finds."""

import httpx


def test_a_usage_row_has_exactly_the_known_fields(agency):
    agency.finished(84, assistant_id=agency.assistant_id)
    row = agency.child.get("/usage").json()["logs"][0]
    assert set(row) == {"id", "duration_sec", "call_type", "phone_number", "agent_name", "business_name", "created_at"}
    assert (row["duration_sec"], row["call_type"], row["agent_name"]) == (84, "phone", "Front desk")


def test_the_summary_covers_the_whole_filter_and_not_the_page(agency):
    for seconds in (30, 60, 91):
        agency.finished(seconds)
    body = agency.child.get("/usage", params={"limit": 1}).json()
    assert len(body["logs"]) == 1
    assert body["pagination"] == {"total": 3, "limit": 1, "offset": 0}
    assert body["summary"] == {"total_calls": 3, "total_duration_seconds": 181, "total_duration_minutes": 3.02}


def test_usage_is_filtered_by_when_the_call_ended(agency):
    agency.finished(60, started_at="2026-01-01T23:59:30Z")
    assert agency.child.get("/usage", params={"end_date": "2026-01-01"}).json()["summary"]["total_calls"] == 0
    assert agency.child.get("/usage", params={"start_date": "2026-01-02"}).json()["summary"]["total_calls"] == 1


def test_the_parent_sees_its_own_rows_only(agency):
    agency.finished(60)
    assert agency.parent.get("/usage").json()["logs"] == []


def test_a_correction_changes_the_row_and_keeps_its_id(sandbox, agency):
    call = agency.finished(65)
    before = agency.child.get("/usage").json()["logs"][0]
    httpx.patch(f"{sandbox.url}/_sandbox/hms/calls/{call['id']}", json={"duration_seconds": 125})
    after = agency.child.get("/usage").json()["logs"][0]
    assert (after["id"], after["duration_sec"]) == (before["id"], 125)
    assert agency.balance() == round((500 * 60 - 125) / 60, 2)


def test_a_call_still_talking_has_no_row(agency):
    call_id = agency.place().json()["call_id"]
    agency.call_in("in-progress", call_id)
    assert agency.child.get("/usage").json()["logs"] == []
    assert agency.parent.get("/organizations").json()["active_calls"] == 0
    assert agency.child.get("/organizations").json()["active_calls"] == 1
