from decimal import Decimal

import pytest

from hms_client import UnexpectedAnswer

ROW = {"id": "u1", "duration_sec": 84, "call_type": "web", "phone_number": None, "created_at": "2026-11-03T09:00:00Z"}
PAGE = {
    "logs": [ROW],
    "pagination": {"total": 42, "limit": 100, "offset": 0},
    "summary": {"total_calls": 42, "total_duration_seconds": 3600, "total_duration_minutes": 60.5},
}


def test_rows_come_with_the_sums_of_the_whole_list(wire):
    found = wire.answers(PAGE).client.usage.list(end_date="2026-11-04")
    assert wire.asked == "GET /api/v1/usage?limit=100&offset=0&end_date=2026-11-04"
    assert (found.rows[0].id, found.rows[0].seconds, found.total) == ("u1", 84, 42)
    assert (found.summary.total_seconds, found.summary.total_minutes) == (3600, Decimal("60.5"))
    assert found.summary.total_cost is None


def test_the_older_names_are_understood(wire):
    row = {"id": "u1", "duration_seconds": 84, "call_id": "c1", "cost": 0.14, "created_at": "2026-11-03T09:00:00Z"}
    old = {"usage": [row], "pagination": {"total": 1}, "summary": {"total_seconds": 84, "total_cost": 0.14}}
    found = wire.answers(old).client.usage.list()
    assert (found.rows[0].seconds, found.rows[0].call_id, found.rows[0].cost) == (84, "c1", Decimal("0.14"))
    assert (found.summary.total_seconds, found.summary.total_cost) == (84, Decimal("0.14"))


def test_a_row_without_a_duration_is_refused(wire):
    row = {"id": "u1", "created_at": "2026-11-03T09:00:00Z"}
    with pytest.raises(UnexpectedAnswer, match=r"UsageRow\.seconds"):
        wire.answers({**PAGE, "logs": [row]}).client.usage.list()


def test_iterating_yields_each_row_once(wire):
    pages = [{**PAGE, "logs": [{**ROW, "id": name}], "pagination": {"total": 2}} for name in ("u1", "u2")]
    wire.answers(pages[0]).answers(pages[1])
    assert [row.id for row in wire.client.usage.iterate(page_size=1)] == ["u1", "u2"]
