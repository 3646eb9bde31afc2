"""Limits per minute, with their headers."""

import pytest


@pytest.fixture
def limited(agency, turn):
    turn("hms", rate_limit=3)
    return agency


def test_every_answer_says_where_the_key_stands(agency):
    headers = agency.parent.get("/organizations").headers
    assert all(name in headers for name in ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"))
    assert "Retry-After" not in headers


def test_too_many_requests_are_429_with_four_headers_and_a_flat_body(limited):
    answers = [limited.parent.get("/organizations") for _ in range(8)]
    last = answers[-1]
    assert last.status_code == 429
    assert last.json()["error"] == "Rate limit exceeded"
    assert int(last.headers["Retry-After"]) >= 1
    assert last.headers["X-RateLimit-Remaining"] == "0"
    assert limited.child.get("/organizations").status_code == 200


def test_commands_are_limited_per_call(sandbox, agency, turn):
    turn("hms", control_rate_limit=2)
    call_id = agency.place().json()["call_id"]
    agency.call_in("in-progress", call_id)
    say = {"type": "say", "content": "Hello.", "end_after": False}
    path = f"/calls/{call_id.replace('+', '%2B')}/control"
    statuses = [agency.child.post(path, json=say).status_code for _ in range(5)]
    assert statuses[:2] == [200, 200]
    assert 429 in statuses[2:]
