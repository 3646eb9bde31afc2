"""Wherever HMS's pages contradict each other, both readings come to the same."""

from decimal import Decimal

import pytest

from hms_client import BadRequest, InsufficientCredits, RateLimited, StatusError, signatures, webhooks

AT = "2026-11-03T09:00:00Z"
PAGED = {"pagination": {"total": 1, "limit": 100, "offset": 0}}
CALL = {"id": "c1", "status": "ended", "created_at": AT}
ROW = {"id": "u1", "created_at": AT}
NUMBER = {"id": "n1", "phone_number": "+31"}
DOMAIN = {"id": "d1", "domain_name": "mail.test"}
TEMPLATE = {"id": "t1", "name": "End"}

TOLD_TWICE = {
    "the list of what was used": (
        [{key: [ROW | {"duration_sec": 84}], **PAGED, "summary": {}} for key in ("logs", "usage")],
        lambda hms: [(row.id, row.seconds) for row in hms.usage.list().rows],
        [("u1", 84)],
    ),
    "the seconds of a row": (
        [{"logs": [ROW | {key: 84}], **PAGED, "summary": {}} for key in ("duration_sec", "duration_seconds")],
        lambda hms: hms.usage.list().rows[0].seconds,
        84,
    ),
    "the sum of the seconds": (
        [{"logs": [], **PAGED, "summary": {key: 84}} for key in ("total_duration_seconds", "total_seconds")],
        lambda hms: hms.usage.list().summary.total_seconds,
        84,
    ),
    "the sum of the minutes": (
        [{"logs": [], **PAGED, "summary": {key: 1.4}} for key in ("total_duration_minutes", "total_minutes")],
        lambda hms: hms.usage.list().summary.total_minutes,
        Decimal("1.4"),
    ),
    "the seconds of a call": (
        [CALL | {key: 84} for key in ("duration_seconds", "duration_sec")],
        lambda hms: hms.calls.get("c1").duration_seconds,
        84,
    ),
    "the assistant of a call": (
        [
            CALL | {f"{word}_id": "a1", f"{word}_name": "Desk", f"{word}_phone": "+31"}
            for word in ("agent", "assistant")
        ],
        lambda hms: [getattr(hms.calls.get("c1"), f"assistant_{what}") for what in ("id", "name", "phone")],
        ["a1", "Desk", "+31"],
    ),
    "one call": ([CALL, {"call": CALL}], lambda hms: hms.calls.get("c1").id, "c1"),
    "the name of an organization": (
        [{"id": "o1", key: "Acme"} for key in ("name", "company_name")],
        lambda hms: hms.organizations.get().name,
        "Acme",
    ),
    "minutes with a fraction": (
        [{"id": "o1", "name": "Acme", "minutes_balance": left} for left in (500.5, "500.5", "500.50")],
        lambda hms: hms.organizations.get().minutes_balance,
        Decimal("500.5"),
    ),
    "minutes without": (
        [{"id": "o1", "name": "Acme", "minutes_balance": left} for left in (500, 500.0)],
        lambda hms: hms.organizations.get().minutes_balance,
        Decimal(500),
    ),
    "the number": (
        [{"number": {"id": "n1", key: "+31"}} for key in ("phone_number", "number")],
        lambda hms: hms.numbers.get("n1").phone_number,
        "+31",
    ),
    "the assistant of a number": (
        [{"number": NUMBER | {key: "a1"}} for key in ("agent_id", "assistant_id")],
        lambda hms: hms.numbers.get("n1").assistant_id,
        "a1",
    ),
    "the assistant of a campaign": (
        [{"campaign": {"id": "x1", "name": "X", key: "a1"}} for key in ("agent_id", "assistant_id")],
        lambda hms: hms.campaigns.get("x1").assistant_id,
        "a1",
    ),
    "the type of a tool": (
        [{"tool_template": TEMPLATE | {"tool_type": name}} for name in ("end_call", "endCall")],
        lambda hms: hms.tool_templates.get("t1").tool_type,
        "end_call",
    ),
    "an outbound call": (
        [{"success": True, "call_id": "c1", "status": "dialing"} | more for more in ({}, {"room_name": "r"})],
        lambda hms: hms.calls.start_outbound(destination="+31", assistant_id="a1").call_id,
        "c1",
    ),
}
CASES = [(body, *rest) for bodies, *rest in TOLD_TWICE.values() for body in bodies]
NAMES = [f"{name} {at}" for name, (bodies, *_) in TOLD_TWICE.items() for at in range(len(bodies))]


@pytest.mark.parametrize(("body", "read", "expected"), CASES, ids=NAMES)
def test_both_readings_say_the_same(wire, body, read, expected):
    assert read(wire.answers(body).client) == expected


@pytest.mark.parametrize(("status", "body"), [(200, {"success": True}), (204, None), (200, None), (202, None)])
@pytest.mark.parametrize(
    "act",
    [
        lambda hms: hms.assistants.delete("a1"),
        lambda hms: hms.numbers.delete("n1"),
        lambda hms: hms.sip_trunks.delete("t1"),
        lambda hms: hms.campaigns.remove_lead("x1", "l1"),
        lambda hms: hms.byok.delete(provider="xai"),
        lambda hms: hms.domains.delete(),
    ],
)
def test_a_delete_is_done_with_a_word_or_without(wire, status, body, act):
    assert act(wire.answers(body, status=status).client) is None


@pytest.mark.parametrize("status", [200, 201])
def test_what_is_made_is_made_with_either_status(wire, status):
    made = wire.answers({"id": "o2", "api_key": "fl_x"}, status=status).client.organizations.create(name="x")
    assert made.api_key == "fl_x"


@pytest.mark.parametrize("answer", [{"domain": DOMAIN}, {"domain": DOMAIN, "message": "Synced."}])
def test_a_domain_is_told_after_a_change(wire, answer):
    assert wire.answers(answer).client.domains.choose_resend_domain("rd1").id == "d1"
    assert wire.client.domains.verify().id == "d1"


@pytest.mark.parametrize("answer", [{"success": True}, {"verified": True}, None])
def test_a_domain_may_be_changed_with_a_word_alone(wire, answer):
    assert wire.answers(answer).client.domains.verify() is None
    assert wire.client.domains.choose_resend_domain("rd1") is None


@pytest.mark.parametrize(
    "body",
    [
        {"error": "Insufficient credits", "message": "Top up.", "balance": 0.5},
        {"error": {"code": "insufficient_credits", "message": "Insufficient credits", "balance": 0.5}},
        {"error": {"code": "insufficient_credits", "message": "Insufficient credits"}, "balance": 0.5},
    ],
)
def test_the_balance_of_a_402_is_found_in_both_forms(wire, body):
    with pytest.raises(InsufficientCredits, match="Insufficient credits") as caught:
        wire.answers(body, status=402).client.calls.start_outbound(destination="+31", assistant_id="a1")
    assert caught.value.balance == Decimal("0.5")


@pytest.mark.parametrize(
    "body",
    [
        {"error": "Rate limit exceeded", "retry_after": 7},
        {"error": {"code": "rate_limit_exceeded", "message": "Slow down", "retry_after": 7}},
        {"error": {"code": "rate_limit_exceeded", "message": "Slow down"}, "retry_after": 7},
    ],
)
def test_how_long_to_wait_is_found_in_both_forms(wire, body):
    with pytest.raises(RateLimited) as caught:
        wire.answers(body, status=429).client.voices.list()
    assert (caught.value.retry_after, wire.slept) == (7, [7.0, 7.0])


@pytest.mark.parametrize(
    "body",
    [
        {"error": "Invalid workflow definition", "details": ["no entry node"]},
        {"error": {"message": "Invalid workflow definition", "details": ["no entry node"]}},
        {"error": {"message": "Invalid workflow definition"}, "details": ["no entry node"]},
    ],
)
def test_details_are_found_in_both_forms(wire, body):
    with pytest.raises(BadRequest, match="Invalid workflow definition") as caught:
        wire.answers(body, status=400).client.workflows.create(name="x", definition={})
    assert caught.value.details == ("no entry node",)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "x", "message": "y", "details": {"field": ["z"]}, "balance": "none", "retry_after": []}},
        {"error": {}, "details": "text", "balance": {}, "retry_after": "soon"},
    ],
)
@pytest.mark.parametrize("status", [400, 402, 429])
def test_further_fields_of_another_kind_spoil_no_error(wire, status, body):
    with pytest.raises(StatusError) as caught:
        wire.answers(body, status=status).client.voices.list()
    assert (caught.value.status, caught.value.details) == (status, ())


def test_a_signature_is_good_with_its_prefix_and_without():
    whole = signatures.sign(b"{}", "1700000000", "s3cret")
    for given in (whole, whole.removeprefix("sha256=")):
        signatures.verify(body=b"{}", timestamp="1700000000", signature=given, secret="s3cret", now=1700000000)


@pytest.mark.parametrize("name", ["phone_number", "phoneNumber"])
def test_a_webhook_names_the_number_in_both_spellings(name):
    body = b'{"message": {"type": "status-update", "%s": {"number": "+31"}}}' % name.encode()
    assert webhooks.parse(body).phone_number == "+31"
