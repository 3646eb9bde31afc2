"""Webhooks of HMS: signed, in order, and what an answer to assistant-request does."""

import hashlib
import hmac
import time

import httpx
import pytest


@pytest.fixture
def told(open_agency, receiver):
    """An agency whose assistant tells the receiver everything."""
    return open_agency(webhook_url=f"{receiver.url}/hooks/hms/token", webhook_secret="s3cret")


def ring(agency, **body):
    return agency.sandbox.post("/hms/calls/inbound", number=agency.number, **body)["call_id"]


def test_a_call_tells_its_life_in_order(told, receiver, eventually):
    ring(told, talk_seconds=1.1)
    eventually(lambda: receiver.of("end-of-call-report"))
    statuses = [(one["json"]["message"]["type"], one["json"]["message"]["call"]["status"]) for one in receiver.got]
    assert statuses == [
        ("assistant-request", "ringing"),
        ("status-update", "in-progress"),
        ("status-update", "ended"),
        ("end-of-call-report", "ended"),
    ]
    assert receiver.got[-1]["json"]["message"]["duration_seconds"] == 1
    assert receiver.got[-1]["headers"]["Host"].startswith("acme.portal.localhost:")


def test_the_signature_covers_the_timestamp_and_the_very_bytes(told, receiver, eventually):
    ring(told)
    sent = eventually(lambda: receiver.got)[0]
    stamp = sent["headers"]["X-Webhook-Timestamp"]
    signed = hmac.new(b"s3cret", stamp.encode() + b"." + sent["raw"], hashlib.sha256).hexdigest()
    assert sent["headers"]["X-Webhook-Signature"] == f"sha256={signed}"
    assert sent["headers"]["X-Webhook-Event"] == "assistant-request"
    assert abs(time.time() - int(stamp)) < 10


def test_the_secret_is_in_no_message(told, receiver, eventually):
    ring(told, talk_seconds=0.1)
    eventually(lambda: receiver.of("end-of-call-report"))
    assert not any(b"s3cret" in one["raw"] for one in receiver.got)


def test_without_a_secret_nothing_is_signed(open_agency, receiver, eventually):
    ring(open_agency(webhook_url=receiver.url))
    assert "X-Webhook-Signature" not in eventually(lambda: receiver.got)[0]["headers"]


def test_an_error_answer_rejects_the_call(told, receiver):
    receiver.answer = (200, {"error": "Your balance is empty."})
    call = told.call_in("rejected", ring(told))
    assert (call["duration_seconds"], call["messages"][0]["content"]) == (None, "Your balance is empty.")
    assert told.balance() == 500


def test_an_answer_may_limit_the_duration(told, receiver):
    receiver.answer = (200, {"max_duration_seconds": 1})
    assert told.call_in("ended", ring(told))["end_reason"] == "max_duration"


def test_an_answer_may_change_single_keys_of_another_assistant(told, receiver):
    other = told.child.post("/assistants", json={"name": "Night desk"}).json()["assistant"]
    override = {"first_message": "Good night.", "metadata": {"client": "c1"}}
    receiver.answer = (200, {"assistant_id": other["id"], "assistant_override": override})
    call = told.call_in("in-progress", ring(told))
    assert (call["agent_name"], call["messages"][0]["content"]) == ("Night desk", "Good night.")


@pytest.mark.parametrize("answer", [(500, {}), (200, []), (302, {"error": "not heeded"})])
def test_a_broken_answer_lets_the_saved_assistant_answer(told, receiver, answer):
    receiver.answer = answer
    assert told.call_in("in-progress", ring(told))["agent_name"] == "Front desk"


def test_only_the_events_asked_for_are_sent(open_agency, receiver, eventually):
    agency = open_agency(webhook_url=receiver.url, webhook_events=["end-of-call-report"])
    ring(agency, talk_seconds=0.1)
    eventually(lambda: receiver.got)
    assert receiver.types() == ["end-of-call-report"]


def test_a_tool_call_shows_what_was_answered(told, receiver):
    receiver.answer = lambda body: (200, {"results": [{"tool_call_id": "tool_1", "result": "free at two"}]})
    call_id = ring(told)
    told.call_in("in-progress", call_id)
    answer = told.sandbox.post(f"/hms/calls/{call_id}/tool-calls", name="look_up", arguments={"day": "Thursday"})
    assert answer["answer"]["results"][0]["result"] == "free at two"
    sent = receiver.of("tool-calls")[0]["json"]["message"]["tool_call_list"][0]
    assert sent["function"] == {"name": "look_up", "arguments": {"day": "Thursday"}}


def test_a_call_finished_by_control_tells_only_when_asked_to(told, receiver, eventually):
    told.finished(20, assistant_id=told.assistant_id)
    told.finished(30, assistant_id=told.assistant_id, webhooks=True)
    report = eventually(lambda: receiver.of("end-of-call-report"))[0]
    assert report["json"]["message"]["duration_seconds"] == 30
    assert receiver.types() == ["status-update", "end-of-call-report"]


def test_webhooks_can_be_duplicated_forged_and_stale(told, receiver, eventually, turn):
    turn("hms", duplicate=1, wrong_signature=True, stale_timestamp=True)
    told.finished(30, assistant_id=told.assistant_id, webhooks=True)
    eventually(lambda: len(receiver.got) == 4)
    sent = receiver.got[0]
    stamp = sent["headers"]["X-Webhook-Timestamp"]
    honest = hmac.new(b"s3cret", stamp.encode() + b"." + sent["raw"], hashlib.sha256).hexdigest()
    assert sent["headers"]["X-Webhook-Signature"] != f"sha256={honest}"
    assert time.time() - int(stamp) > 3000


def test_webhooks_switched_off_are_noted_and_not_sent(told, receiver, eventually, turn):
    turn("hms", webhooks="off")
    call = told.finished(30, assistant_id=told.assistant_id, webhooks=True)
    notes = eventually(
        lambda: [one for one in told.sandbox.get("/hms/state")["deliveries"] if one["call_id"] == call["id"]]
    )
    assert (notes[0]["status"], receiver.got) == (None, [])


def test_an_address_elsewhere_is_not_called(open_agency, eventually):
    agency = open_agency(webhook_url="http://example.com/hooks")
    agency.finished(30, assistant_id=agency.assistant_id, webhooks=True)
    notes = eventually(
        lambda: [one for one in agency.sandbox.get("/hms/state")["deliveries"] if "example.com" in one["url"]]
    )
    assert "loopback only" in notes[0]["error"]


def test_a_call_that_ends_with_an_error_says_which(told, receiver, eventually):
    call_id = ring(told)
    told.call_in("in-progress", call_id)
    ended = told.sandbox.post(f"/hms/calls/{call_id}/end", duration_seconds=20, error="The model gave up.")
    assert (ended["status"], ended["error"], ended["duration_seconds"]) == (
        "ended-with-error",
        "The model gave up.",
        20,
    )
    eventually(lambda: receiver.of("end-of-call-report"))
    last = receiver.of("status-update")[-1]["json"]["message"]
    assert (last["call"]["status"], last["error"], last["end_reason"]) == (
        "ended-with-error",
        "The model gave up.",
        "error",
    )
    assert "error" not in receiver.of("status-update")[0]["json"]["message"]


def test_a_delivery_is_sent_again_with_the_same_bytes_and_a_signature_of_now(told, receiver, eventually):
    call = told.finished(30, assistant_id=told.assistant_id, webhooks=True)
    eventually(lambda: len(receiver.got) == 2)
    notes = [one for one in told.sandbox.get("/hms/state")["deliveries"] if one["call_id"] == call["id"]]
    again = told.sandbox.post(f"/hms/deliveries/{notes[0]['id']}/resend")
    assert (again["status"], again["type"]) == (200, notes[0]["type"])
    assert "s3cret" not in str(notes) + str(again)
    first, last = receiver.of(notes[0]["type"])
    stamp = last["headers"]["X-Webhook-Timestamp"]
    signed = hmac.new(b"s3cret", stamp.encode() + b"." + first["raw"], hashlib.sha256).hexdigest()
    assert (last["raw"], last["headers"]["X-Webhook-Signature"]) == (first["raw"], f"sha256={signed}")


def test_nothing_is_sent_again_that_was_never_sent(told, turn, eventually):
    turn("hms", webhooks="off")
    call = told.finished(30, assistant_id=told.assistant_id, webhooks=True)
    note = eventually(
        lambda: [one for one in told.sandbox.get("/hms/state")["deliveries"] if one["call_id"] == call["id"]]
    )[0]
    answer = httpx.post(f"{told.sandbox.url}/_sandbox/hms/deliveries/{note['id']}/resend")
    assert answer.status_code == 404
