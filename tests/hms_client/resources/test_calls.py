import httpx
import pytest

from hms_client import HMSClient, InsufficientCredits, InvalidArgument

CALL = {"id": "call-_+31600000001_Xq", "status": "ended", "created_at": "2026-11-03T09:00:00Z", "duration_seconds": 131}
STARTED = {"success": True, "call_id": "c9", "status": "dialing", "room_name": "r1"}


def test_a_page_of_calls_says_where_it_lies(wire):
    page = {"calls": [CALL], "pagination": {"total": 7, "limit": 1, "offset": 2}}
    found = wire.answers(page).client.calls.list(limit=1, offset=2, status="ended", start_date="2026-11-01")
    assert wire.asked == "GET /api/v1/calls?limit=1&offset=2&status=ended&start_date=2026-11-01"
    assert (found.calls[0].id, found.total, found.limit, found.offset) == (CALL["id"], 7, 1, 2)


def test_iterating_asks_for_page_after_page_with_the_same_filter(wire):
    rows = [{**CALL, "id": f"c{number}"} for number in range(4)]
    wire.answers({"calls": rows[:2], "pagination": {"total": 4}}).answers(
        {"calls": rows[1:3], "pagination": {"total": 4}}
    )
    wire.answers({"calls": rows[2:], "pagination": {"total": 4}})
    found = list(wire.client.calls.iterate(start_date="2026-11-01", page_size=2))
    assert [call.id for call in found] == ["c0", "c1", "c2", "c3"]
    assert [dict(request.url.params)["offset"] for request in wire.requests] == ["0", "1", "2"]
    assert {request.url.params["start_date"] for request in wire.requests} == {"2026-11-01"}


@pytest.mark.parametrize("body", [CALL, {"call": CALL}])
def test_one_call_is_read_bare_or_wrapped(wire, body):
    assert wire.answers(body).client.calls.get(CALL["id"]).duration_seconds == 131


def test_an_outbound_call_is_started_with_what_was_given_and_nothing_else(wire):
    started = wire.answers(STARTED).client.calls.start_outbound(
        destination="+31600000001", assistant_id="a1", assistant_override={"max_duration_seconds": 60}
    )
    assert wire.asked == "POST /api/v1/calls/outbound"
    assert wire.sent == {
        "destination": "+31600000001",
        "assistant_id": "a1",
        "assistant_override": {"max_duration_seconds": 60},
    }
    assert (started.call_id, started.status) == ("c9", "dialing")


def test_without_minutes_nobody_is_rung(wire):
    with pytest.raises(InsufficientCredits):
        wire.answers({"error": "Insufficient credits", "balance": 0}, status=402).client.calls.start_outbound(
            destination="+31600000001", assistant_id="a1"
        )


@pytest.mark.parametrize(
    "mode",
    [
        {},
        {"assistant_id": "a1", "assistant": {"llm_config": {}}},
        {"assistant": {"llm_config": {}}, "assistant_override": {"first_message": "Hi"}},
    ],
)
def test_exactly_one_way_to_name_the_assistant_is_taken(wire, mode):
    with pytest.raises(InvalidArgument):
        wire.client.calls.start_outbound(destination="+31600000001", **mode)
    assert wire.requests == []


@pytest.mark.parametrize(
    ("command", "sent"),
    [
        (lambda calls: calls.end_call("c+1"), {"type": "end-call"}),
        (lambda calls: calls.end_call("c+1", message="Bye"), {"type": "end-call", "message": "Bye"}),
        (lambda calls: calls.say("c+1", "Hi"), {"type": "say", "content": "Hi", "end_after": False}),
        (
            lambda calls: calls.inject_context("c+1", "VIP", trigger_response=True),
            {"type": "inject-context", "content": "VIP", "trigger_response": True},
        ),
        (lambda calls: calls.transfer("c+1", "+312"), {"type": "transfer", "destination": "+312"}),
    ],
)
def test_a_running_call_takes_commands(wire, command, sent):
    accepted = command(wire.answers({"success": True, "message": "sent"}).client.calls)
    assert (wire.asked, wire.sent, accepted.message) == ("POST /api/v1/calls/c%2B1/control", sent, "sent")


def test_a_command_may_be_answered_with_nothing(wire):
    assert wire.answers(status=204).client.calls.end_call("c1").message is None


def test_a_list_without_content_has_everything_but_what_was_said():
    said = {"messages": [{"role": "user", "content": "Hi"}], "summary": "Short", "analysis_result": {"a": 1}}
    call = {"id": "c1", "status": "ended", "created_at": "2026-11-03T09:14:31Z", "duration_seconds": 61, "new": 1}
    answer = {"calls": [call | said], "pagination": {"total": 1}}
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=answer))
    client = HMSClient("fl_live_x", transport=transport)
    [bare] = client.calls.iterate(content=False)
    [whole] = client.calls.iterate()
    assert (bare.messages, bare.summary, bare.analysis_result) == (None, None, None)
    assert (whole.summary, whole.messages[0].content) == ("Short", "Hi")
    assert (bare.id, bare.duration_seconds, dict(bare.extra)) == ("c1", 61, {"new": 1})
