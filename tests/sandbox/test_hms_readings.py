"""Where HMS's pages contradict each other: each reading can be played, and the usual one is the first."""

import hashlib
import hmac

import httpx
import pytest


def test_errors_are_flat_or_nested(agency, turn):
    flat = agency.child.post("/assistants", json={})
    assert flat.json() == {"error": "Missing required field: name"}
    turn("hms", nested_errors=True)
    nested = agency.child.post("/assistants", json={})
    assert (nested.status_code, nested.json()["error"]["code"]) == (400, "missing_field")
    assert nested.json()["error"]["param"] == "name"
    invalid = agency.child.post("/numbers", json={"phone_number": "020"}).json()["error"]
    assert (invalid["code"], invalid["param"]) == ("invalid_request", "phone_number")
    assert invalid["message"].startswith("Invalid phone_number. Use the")
    assert int(nested.headers["Content-Length"]) == len(nested.content)


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda agency: agency.sandbox.hms("fl_live_nobody").get("/calls"), "unauthorized"),
        (lambda agency: agency.child.get("/assistants/x"), "not_found"),
        (lambda agency: agency.child.get("/nowhere"), "not_found"),
        (lambda agency: agency.child.post("/numbers", json={"phone_number": agency.number}), "conflict"),
        (lambda agency: agency.child.post("/organizations", json={"name": "x", "parent_org_id": "y"}), "forbidden"),
    ],
)
def test_every_refusal_can_be_nested(agency, turn, ask, code):
    assert isinstance(ask(agency).json()["error"], str)
    turn("hms", nested_errors=True)
    assert ask(agency).json()["error"]["code"] == code


def test_a_fault_and_a_limit_can_be_nested_too(sandbox, agency, turn):
    turn("hms", nested_errors=True, rate_limit=1)
    sandbox.post("/faults", prefix="/hms/api/v1/voices", kind="503")
    assert agency.child.get("/voices").json()["error"]["code"] == "server_error"
    last = [agency.child.get("/calls") for _ in range(5)][-1]
    assert (last.status_code, last.json()["error"]["code"]) == (429, "rate_limit_exceeded")
    assert int(last.headers["Retry-After"]) >= 1


def test_minutes_are_exact_or_rounded_up_for_each_call(sandbox, agency, turn):
    turn("hms", round_up_minutes=True)
    call = agency.finished(84)
    assert agency.balance() == 498
    assert agency.child.get("/organizations").json()["monthly_usage_minutes"] == 2
    httpx.patch(f"{sandbox.url}/_sandbox/hms/calls/{call['id']}", json={"duration_seconds": 118})
    assert agency.balance() == 498
    httpx.patch(f"{sandbox.url}/_sandbox/hms/calls/{call['id']}", json={"duration_seconds": 121})
    assert agency.balance() == 497
    assert agency.child.get("/usage").json()["summary"]["total_duration_seconds"] == 121


def test_a_correction_gives_back_what_was_taken_under_the_other_reading(sandbox, agency, turn):
    turn("hms", round_up_minutes=True)
    call = agency.finished(61)
    sandbox.post("/hms/settings", round_up_minutes=False)
    httpx.patch(f"{sandbox.url}/_sandbox/hms/calls/{call['id']}", json={"duration_seconds": 60})
    assert agency.balance() == 499


def test_usage_has_the_names_of_now_of_once_or_of_the_guide(agency, turn):
    call = agency.finished(84)
    turn("hms", usage_fields="older")
    older = agency.child.get("/usage").json()
    assert set(older["logs"][0]) == {"id", "call_id", "duration_seconds", "minutes_used", "cost", "created_at"}
    assert (older["logs"][0]["call_id"], older["logs"][0]["minutes_used"]) == (call["id"], 1.4)
    assert older["summary"] == {"total_calls": 1, "total_minutes": 1.4, "total_cost": 0.1}
    turn("hms", usage_fields="guide")
    guide = agency.child.get("/usage").json()
    assert set(guide) == {"usage", "pagination", "summary"}
    assert (guide["usage"][0]["duration_sec"], guide["summary"]["total_seconds"]) == (84, 84)


def test_a_parent_may_see_the_rows_of_its_children(agency, open_agency, turn):
    agency.finished(60)
    open_agency().finished(90)
    turn("hms", parent_sees_children=True)
    whole = agency.parent.get("/usage").json()
    assert (len(whole["logs"]), whole["summary"]["total_duration_seconds"]) == (1, 60)
    assert whole["logs"] == agency.child.get("/usage").json()["logs"]


def test_a_child_shows_the_pool_or_none_and_can_talk_either_way(agency, turn):
    turn("hms", child_shows_pool=False)
    assert agency.child.get("/organizations").json()["minutes_balance"] == 0
    assert agency.balance() == 500
    assert agency.place().status_code == 200


def test_a_delete_may_be_answered_with_nothing(agency, turn):
    turn("hms", delete_status=204)
    agency.child.post("/byok", json={"provider": "openai", "api_key": "sk-12345678"})
    agency.child.post("/byok", json={"provider": "resend", "api_key": "re_12345678"})
    agency.child.post("/domains", json={"domain_name": "mail.acme.test"})
    number = agency.seeded["number_id"]
    for path, body in (
        (f"/numbers/{number}", None),
        (f"/assistants/{agency.assistant_id}", None),
        ("/domains", None),
        ("/byok", {"provider": "openai"}),
    ):
        answer = agency.child.request("DELETE", path, json=body)
        assert (answer.status_code, answer.content) == (204, b"")


def test_a_thing_of_another_organization_may_be_403_and_nothing_stays_404(agency, open_agency, turn):
    other = open_agency()
    turn("hms", foreign_status=403)
    foreign = agency.child.get(f"/assistants/{other.assistant_id}")
    assert (foreign.status_code, foreign.json()["error"]) == (403, "Forbidden")
    call = other.finished(5)["id"].replace("+", "%2B")
    assert agency.child.get(f"/calls/{call}").status_code == 403
    assert agency.child.get(f"/numbers/{other.seeded['number_id']}").status_code == 403
    assert agency.child.get("/assistants/nobody").status_code == 404


def test_a_call_refused_for_want_of_minutes_has_either_status(sandbox, open_agency, turn):
    agency = open_agency(minutes=0)
    turn("hms", without_minutes_status="insufficient-credits")
    rung = sandbox.post("/hms/calls/inbound", number=agency.number)
    assert rung["status"] == "insufficient-credits"


def test_the_end_of_the_pool_may_leave_a_call_alone(open_agency, turn):
    turn("hms", pool_ends_calls=False)
    agency = open_agency(minutes=1 / 60)
    call_id = agency.place(assistant_override={"max_duration_seconds": 3}).json()["call_id"]
    ended = agency.call_in("ended", call_id)
    assert (ended["end_reason"], ended["duration_seconds"], agency.balance()) == ("max_duration", 3, -0.03)


def test_a_calls_id_is_made_of_the_number_or_a_uuid(agency, turn):
    turn("hms", call_ids="uuid")
    call_id = agency.place().json()["call_id"]
    assert (len(call_id), call_id.count("-")) == (36, 4)
    assert agency.call(call_id)["id"] == call_id


def test_webhooks_may_name_a_call_by_another_id(open_agency, receiver, eventually, turn):
    turn("hms", webhook_call_ids="other")
    agency = open_agency(webhook_url=receiver.url)
    call = agency.finished(30, assistant_id=agency.assistant_id, webhooks=True)
    eventually(lambda: receiver.of("end-of-call-report"))
    told = {one["json"]["message"]["call"]["id"] for one in receiver.got}
    assert len(told) == 1
    assert call["id"] not in told


def test_a_signature_may_come_without_its_prefix(open_agency, receiver, eventually, turn):
    turn("hms", signature_prefix=False)
    agency = open_agency(webhook_url=receiver.url, webhook_secret="s3cret")
    agency.finished(30, assistant_id=agency.assistant_id, webhooks=True)
    sent = eventually(lambda: receiver.got)[0]
    stamp = sent["headers"]["X-Webhook-Timestamp"].encode()
    signed = hmac.new(b"s3cret", stamp + b"." + sent["raw"], hashlib.sha256).hexdigest()
    assert sent["headers"]["X-Webhook-Signature"] == signed


def test_a_reading_nobody_knows_is_refused(sandbox):
    answer = httpx.post(f"{sandbox.url}/_sandbox/hms/settings", json={"delete_status": 500})
    assert (answer.status_code, answer.json()["error"]) == (400, "delete_status is 200 or 204")
