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


LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


@pytest.mark.parametrize("path", ["/health", "/calls", "/nowhere", "/assistants/x", "/calls?limit=0"])
@pytest.mark.parametrize("key", ["", "fl_live_nobody", "own"])
def test_refusals_and_answers_without_a_key_carry_the_headers_too(sandbox, agency, path, key):
    client = agency.child if key == "own" else sandbox.hms(key or "none")
    assert all(int(client.get(path).headers[name]) >= 0 for name in LIMITS)


def test_faults_carry_the_headers_and_a_gateways_page_does_not(sandbox, agency):
    for kind, has in (("429", True), ("500", True), ("502", False)):
        sandbox.post("/faults", prefix="/hms/api/v1/voices", kind=kind)
        headers = agency.child.get("/voices").headers
        assert all((name in headers) is has for name in LIMITS)
        assert ("Retry-After" in headers) is (kind == "429")


def test_an_address_that_is_none_takes_nothing_from_the_limit(agency):
    before = int(agency.child.get("/voices").headers["X-RateLimit-Remaining"])
    agency.child.get("/nowhere")
    assert int(agency.child.get("/voices").headers["X-RateLimit-Remaining"]) >= before - 1


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
