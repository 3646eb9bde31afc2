"""Calls that are placed, ring, are talked in and end; and the list of them."""

import httpx
import pytest


def test_an_outbound_call_dials_is_answered_and_ends_with_whole_seconds(sandbox, agency, turn):
    turn("hms", talk_seconds_min=1.2, talk_seconds_max=1.2)
    placed = agency.place()
    assert (placed.status_code, placed.json()["success"], placed.json()["status"]) == (200, True, "dialing")
    assert placed.json()["call_id"].startswith("call-_+31612345678_")
    ended = agency.call_in("ended", placed.json()["call_id"])
    assert (ended["duration_seconds"], ended["end_reason"], ended["direction"]) == (1, "user_hangup", "outbound")
    assert ended["messages"][0]["role"] == "assistant"
    assert agency.balance() == round((500 * 60 - 1) / 60, 2)


def test_max_duration_ends_the_call(agency):
    call_id = agency.place(assistant_override={"max_duration_seconds": 1}).json()["call_id"]
    ended = agency.call_in("ended", call_id)
    assert (ended["duration_seconds"], ended["end_reason"]) == (1, "max_duration")


def test_the_seconds_can_be_set_when_a_call_is_ended_by_control(sandbox, agency):
    call_id = agency.place().json()["call_id"]
    agency.call_in("in-progress", call_id)
    assert sandbox.post(f"/hms/calls/{call_id}/end", duration_seconds=131)["duration_seconds"] == 131
    assert agency.balance() == round((500 * 60 - 131) / 60, 2)


def test_a_call_that_nobody_answers_fails_without_seconds(sandbox, agency, turn):
    turn("hms", ring_seconds=30)
    call_id = agency.place().json()["call_id"]
    ended = sandbox.post(f"/hms/calls/{call_id}/end")
    assert (ended["status"], ended["duration_seconds"], agency.balance()) == ("failed", None, 500)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"destination": "0612345678"}, 400),
        ({"destination": None}, 400),
        ({"assistant": {"llm_config": {"provider": "mistral"}}}, 400),
        ({"assistant_id": None}, 400),
        ({"assistant_id": None, "assistant": {"name": "no model"}}, 400),
        ({"assistant_id": "00000000-0000-4000-8000-000000000000"}, 404),
        ({"number_id": "00000000-0000-4000-8000-000000000000"}, 404),
    ],
)
def test_an_outbound_call_that_makes_no_sense_is_refused(agency, body, status):
    answer = agency.place(**body)
    assert answer.status_code == status
    assert isinstance(answer.json()["error"], str)


def test_a_call_with_an_assistant_of_its_own_is_placed(agency):
    answer = agency.place(assistant_id=None, assistant={"name": "One-off", "llm_config": {"provider": "mistral"}})
    assert agency.call(answer.json()["call_id"])["agent_name"] == "One-off"


def test_an_inactive_assistant_or_number_stops_calls(sandbox, agency):
    agency.child.patch(f"/assistants/{agency.assistant_id}", json={"is_active": False})
    assert agency.place().status_code == 400
    assert sandbox.post("/hms/calls/inbound", number=agency.number)["status"] == "rejected"


def test_without_minutes_outbound_is_402_before_dialing(open_agency):
    answer = open_agency(minutes=0).place()
    assert answer.status_code == 402
    assert (answer.json()["error"], answer.json()["balance"]) == ("Insufficient credits", 0)


def test_without_minutes_inbound_is_rejected(sandbox, open_agency):
    agency = open_agency(minutes=0)
    rung = sandbox.post("/hms/calls/inbound", number=agency.number)
    assert agency.call(rung["call_id"])["status"] == "rejected"


def test_the_end_of_the_pool_ends_the_call(open_agency):
    agency = open_agency(minutes=1 / 60)
    ended = agency.call_in("ended", agency.place().json()["call_id"])
    assert (ended["end_reason"], ended["duration_seconds"], agency.balance()) == ("insufficient_credits", 1, 0)


def test_two_calls_of_one_pool_share_its_end(open_agency):
    agency = open_agency(minutes=2 / 60)
    call_ids = [agency.place().json()["call_id"] for _ in range(2)]
    ended = [agency.call_in("ended", call_id) for call_id in call_ids]
    assert (sum(call["duration_seconds"] for call in ended), agency.balance()) == (2, 0)


def test_an_inbound_call_rings_on_a_number_and_is_answered(sandbox, agency):
    rung = sandbox.post("/hms/calls/inbound", number=agency.number, **{"from": "+31600000001"}, talk_seconds=1.1)
    assert rung["status"] == "ringing"
    ended = agency.call_in("ended", rung["call_id"])
    assert (ended["caller_phone"], ended["assistant_phone"]) == ("+31600000001", agency.number)
    assert ended["duration_seconds"] == 1


def test_a_web_call_has_no_numbers(sandbox, agency):
    answer = httpx.post(
        f"{sandbox.url}/hms/v1/web-calls",
        json={"assistant_id": agency.assistant_id},
        headers={"Authorization": f"Bearer {agency.child_key}"},
    )
    assert {"token", "server_url"} <= set(answer.json())
    call = agency.child.get("/calls").json()["calls"][0]
    assert (call["direction"], call["caller_phone"], call["assistant_phone"]) == ("web", None, None)


def test_calls_are_listed_newest_first_in_pages(agency):
    for day in (1, 3, 2):
        agency.finished(10, started_at=f"2026-01-0{day}T10:00:00Z")
    first = agency.child.get("/calls", params={"limit": 2}).json()
    rest = agency.child.get("/calls", params={"limit": 2, "offset": 2}).json()
    days = [call["created_at"][:10] for call in first["calls"] + rest["calls"]]
    assert days == ["2026-01-03", "2026-01-02", "2026-01-01"]
    assert first["pagination"] == {"total": 3, "limit": 2, "offset": 0}


def test_calls_are_filtered_by_status_and_by_days_with_both_ends(agency):
    agency.finished(10, started_at="2026-01-01T00:00:00Z")
    agency.finished(10, started_at="2026-01-02T23:59:59Z", status="ended-with-error")
    agency.finished(10, started_at="2026-01-03T00:00:00Z")
    span = {"start_date": "2026-01-01", "end_date": "2026-01-02"}
    assert agency.child.get("/calls", params=span).json()["pagination"]["total"] == 2
    span = {"start_date": "2026-01-02T23:59:59.000Z", "end_date": "2026-01-03T00:00:00+00:00"}
    assert agency.child.get("/calls", params=span).json()["pagination"]["total"] == 2
    assert agency.child.get("/calls", params={"status": "ended-with-error"}).json()["pagination"]["total"] == 1


@pytest.mark.parametrize(
    "query", [{"limit": 1001}, {"limit": 0}, {"limit": "x"}, {"offset": -1}, {"start_date": "soon"}]
)
def test_a_query_that_makes_no_sense_is_400(agency, query):
    assert agency.child.get("/calls", params=query).status_code == 400


def test_a_terminal_call_may_get_its_seconds_later(sandbox, agency):
    call = agency.finished(None)
    assert (call["duration_seconds"], agency.child.get("/usage").json()["logs"]) == (None, [])
    httpx.patch(f"{sandbox.url}/_sandbox/hms/calls/{call['id']}", json={"duration_seconds": 65})
    assert agency.call(call["id"])["duration_seconds"] == 65
    assert agency.balance() == round((500 * 60 - 65) / 60, 2)


def test_end_call_ends_a_call_in_progress_and_only_that(agency):
    call_id = agency.place().json()["call_id"]
    path = f"/calls/{call_id.replace('+', '%2B')}/control"
    agency.call_in("in-progress", call_id)
    assert agency.child.post(path, json={"type": "end-call", "message": "Goodbye."}).json()["success"] is True
    ended = agency.call(call_id)
    assert (ended["status"], ended["messages"][-1]["content"]) == ("ended", "Goodbye.")
    assert agency.child.post(path, json={"type": "end-call"}).status_code == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"type": "say", "content": "One moment.", "end_after": False}, "in-progress"),
        ({"type": "say", "content": "Goodbye.", "end_after": True}, "ended"),
        ({"type": "inject-context", "content": "VIP", "trigger_response": False}, "in-progress"),
        ({"type": "transfer", "destination": "+31201234567"}, "transferred"),
    ],
)
def test_commands_to_a_call_do_what_they_say(agency, body, status):
    call_id = agency.place().json()["call_id"]
    agency.call_in("in-progress", call_id)
    answer = agency.child.post(f"/calls/{call_id.replace('+', '%2B')}/control", json=body)
    assert (answer.status_code, agency.call(call_id)["status"]) == (200, status)


def test_a_command_to_an_unknown_call_is_404(agency):
    assert agency.child.post("/calls/call-_x/control", json={"type": "end-call"}).status_code == 404


def test_a_call_that_was_talked_in_has_a_recording_in_parts(sandbox, agency, turn):
    call_id = agency.place().json()["call_id"]
    agency.call_in("in-progress", call_id)
    address = sandbox.post(f"/hms/calls/{call_id}/end", duration_seconds=3)["recording_url"]
    whole = httpx.get(address)
    assert (whole.status_code, whole.headers["Content-Type"], whole.content[:4]) == (200, "audio/wav", b"RIFF")
    part = httpx.get(address, headers={"Range": "bytes=2-3"})
    assert (part.status_code, part.content) == (206, whole.content[2:4])
    assert part.headers["Content-Range"] == f"bytes 2-3/{len(whole.content)}"
    turn("hms", recordings=False)
    other = agency.place().json()["call_id"]
    assert sandbox.post(f"/hms/calls/{other}/end", duration_seconds=3)["recording_url"] is None


def test_many_calls_that_are_over_are_written_at_once_and_each_id_once(sandbox, agency):
    told = [
        {"organization_id": agency.child_id, "duration_seconds": seconds, "id": f"call-_web_{seconds}"}
        for seconds in (10, 20)
    ]
    for _ in range(2):
        assert sandbox.post("/hms/calls/finished", calls=told)["ids"] == ["call-_web_10", "call-_web_20"]
    assert agency.child.get("/calls").json()["pagination"]["total"] == 2
    assert agency.balance() == round((500 * 60 - 30) / 60, 2)


def test_many_calls_of_which_one_makes_no_sense_are_none(sandbox, agency):
    told = [{"organization_id": agency.child_id, "duration_seconds": 10}, {"organization_id": "nobody"}]
    answer = httpx.post(f"{sandbox.url}/_sandbox/hms/calls/finished", json={"calls": told})
    assert (answer.status_code, agency.child.get("/calls").json()["calls"]) == (404, [])
