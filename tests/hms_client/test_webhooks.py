import json
from datetime import UTC, datetime

import pytest

from hms_client import UnreadableWebhook, webhooks

REPORT = {
    "type": "end-of-call-report",
    "timestamp": "2026-11-03T09:14:31.220Z",
    "call": {"id": "call-_+31600000001_Zk2", "type": "inbound_phone_call", "status": "ended"},
    "phone_number": {"id": "n1", "number": "+31200000001", "name": "Front desk"},
    "customer": {"number": "+31600000001"},
    "duration_seconds": 131,
}


def parsed(message):
    return webhooks.parse(json.dumps({"message": message}).encode())


def test_an_event_says_which_call_it_is_about():
    event = parsed(REPORT)
    assert (event.type, event.call_id, event.call_status) == (
        webhooks.END_OF_CALL_REPORT,
        REPORT["call"]["id"],
        "ended",
    )
    assert event.sent_at == datetime(2026, 11, 3, 9, 14, 31, 220000, tzinfo=UTC)
    assert (event.phone_number, event.customer_number) == ("+31200000001", "+31600000001")
    assert event.message["duration_seconds"] == 131


def test_printing_an_event_tells_no_numbers_beyond_the_call_id():
    assert "+31200000001" not in repr(parsed(REPORT))


@pytest.mark.parametrize(
    "message",
    [
        {"type": "brand-new"},
        {"type": "x", "call": None, "phone_number": {"number": None}, "customer": "odd", "timestamp": 5},
        {"type": "x", "call": {"id": 7}},
    ],
)
def test_whatever_else_is_missing_or_odd_the_event_is_read(message):
    event = parsed(message)
    assert (event.type, event.call_id, event.customer_number) == (message["type"], None, None)


def test_the_old_camel_case_is_understood():
    assert parsed({"type": "x", "phoneNumber": {"number": "+31"}}).phone_number == "+31"


@pytest.mark.parametrize(
    "body", [b"", b"x", b"[]", b"{}", b'{"message": 1}', b'{"message": {}}', b'{"message":{"type":""}}']
)
def test_what_is_no_event_is_unreadable(body):
    with pytest.raises(UnreadableWebhook):
        webhooks.parse(body)
