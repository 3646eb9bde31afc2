"""HMS's questions, answered by a client's endpoint on a real socket: within time, within what was granted, or by us."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.test import Client as Browser

from agencies.models import Agency
from calls import holds
from follow_ups.models import FollowUp
from hms_client import signatures
from inbox import hms_endpoints, hms_targets
from organizations import relay
from organizations.models import Delivery, Organization
from organizations.relay import Purpose
from outside.lanes import Lanes
from tenancy import door
from tests.support import endpoint as endpoints
from tests.support.endpoint import Endpoint

pytestmark = pytest.mark.django_db
GRANTED = 100 + holds.GRACE_SECONDS


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times short enough to be waited for."""
    monkeypatch.setattr(relay, "LANES", Lanes())
    monkeypatch.setattr(relay, "_WITHIN_MS", {Purpose.CALL: 400, Purpose.TOOL: 900, Purpose.TELL: 400})


@pytest.fixture
def there(acme: Agency, ben: Organization) -> Iterator[Endpoint]:
    with endpoints.listening() as found:
        with door.enter(acme):
            hms_targets.save(organization_id=ben.pk, url=found.url, secret="a secret of ben", events=hms_targets.EVENTS)
        yield found


def post(ours: hms_endpoints.Endpoint, kind: str, *, call: str = "c1", **message: Any) -> Any:
    body = json.dumps({"message": {"type": kind, "call": {"id": call}} | message}).encode()
    timestamp = str(int(time.time()))
    return (
        Browser(enforce_csrf_checks=True)
        .post(
            f"/api/webhooks/hms/{ours.token}",
            body,
            content_type="application/json",
            headers={
                "host": "portal.localhost",
                "x-webhook-timestamp": timestamp,
                "x-webhook-signature": signatures.sign(body, timestamp, ours.secret),
            },
        )
        .json()
    )


def delivery(acme: Agency) -> Delivery:
    with door.enter(acme):
        return Delivery.objects.get()


def test_the_clients_answer_reaches_hms_within_what_was_granted(
    acme: Agency, ours: hms_endpoints.Endpoint, there: Endpoint
) -> None:
    there.says(b'{"assistant": {"name": "Night", "max_duration_seconds": 9000}, "max_duration_seconds": 60}')
    assert post(ours, "assistant-request") == {
        "assistant": {"name": "Night", "max_duration_seconds": GRANTED},
        "max_duration_seconds": 60,
    }
    row = delivery(acme)
    assert (row.state, row.status, row.attempts, row.is_asked) == ("delivered", 200, 1, True)


def test_the_clients_refusal_is_spoken(ours: hms_endpoints.Endpoint, there: Endpoint) -> None:
    there.says(b'{"error": "We are closed."}')
    assert post(ours, "assistant-request") == {"error": "We are closed."}


def test_without_credit_the_clients_endpoint_is_not_even_asked(ours: hms_endpoints.Endpoint, there: Endpoint) -> None:
    there.says(b"{}")
    assert "max_duration_seconds" in post(ours, "assistant-request")
    assert "error" in post(ours, "assistant-request", call="c2")
    assert len(there.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnot JSON!",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]",
        b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"a": Infinity} ',
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 200_000,
        b"nonsense",
    ],
)
def test_a_broken_endpoint_changes_nothing_for_the_caller(
    answer: bytes, ours: hms_endpoints.Endpoint, there: Endpoint
) -> None:
    there.sends(answer)
    assert post(ours, "assistant-request") == {"max_duration_seconds": GRANTED}


def test_a_silent_endpoint_costs_its_time_and_no_more(
    acme: Agency, ours: hms_endpoints.Endpoint, there: Endpoint
) -> None:
    there.hangs()
    assert post(ours, "assistant-request") == {"max_duration_seconds": GRANTED}
    row = delivery(acme)
    assert (row.state, row.why, row.status) == ("failed", "time", None)
    assert row.latency_ms is not None
    assert 400 <= row.latency_ms < 3_000


def test_a_tools_result_reaches_the_assistant(ours: hms_endpoints.Endpoint, there: Endpoint) -> None:
    answer = {"results": [{"tool_call_id": "t1", "result": {"free": ["10:00", 1.5]}}]}
    there.says(json.dumps(answer).encode())
    assert post(ours, "tool-calls", tool_call_list=[{"id": "t1"}]) == answer
    assert json.loads(there.requests[0].body)["message"]["tool_call_list"] == [{"id": "t1"}]


def test_a_tool_without_an_answer_is_said_to_be_out_of_reach(ours: hms_endpoints.Endpoint, there: Endpoint) -> None:
    there.hangs()
    assert "cannot be reached" in post(ours, "tool-calls")["error"]


def test_without_an_endpoint_we_answer_ourselves(ours: hms_endpoints.Endpoint) -> None:
    assert post(ours, "assistant-request") == {"max_duration_seconds": GRANTED}
    assert "error" in post(ours, "tool-calls")
    assert post(ours, "status-update") == {}


def test_reports_are_handed_on_by_a_follow_up_and_once(
    acme: Agency, ours: hms_endpoints.Endpoint, there: Endpoint
) -> None:
    there.hangs()
    for _time in range(3):
        assert post(ours, "end-of-call-report") == {}
    row = delivery(acme)
    assert (row.event, row.call_id, row.state) == ("end-of-call-report", "c1", "waiting")
    assert FollowUp.objects.filter(kind="deliver", subject=str(row.pk)).exists()
    assert there.requests == []


def test_events_that_were_not_chosen_stay_here(
    acme: Agency, ben: Organization, ours: hms_endpoints.Endpoint, there: Endpoint
) -> None:
    with door.enter(acme):
        hms_targets.save(organization_id=ben.pk, url=there.url, secret="", events=["status-update"])
    assert post(ours, "assistant-request") == {"max_duration_seconds": GRANTED}
    assert post(ours, "end-of-call-report") == {}
    assert there.requests == []
    with door.enter(acme):
        assert not Delivery.objects.exists()


def test_an_agency_that_is_closing_hands_nothing_on(
    acme: Agency, ours: hms_endpoints.Endpoint, there: Endpoint
) -> None:
    Agency.objects.filter(pk=acme.pk).update(state=Agency.State.CLOSING)
    assert post(ours, "status-update") == {}
    assert "error" in post(ours, "tool-calls")
    assert there.requests == []


def test_an_endpoint_that_hangs_again_and_again_is_not_waited_for(
    ours: hms_endpoints.Endpoint, there: Endpoint
) -> None:
    there.hangs()
    for _time in range(5):
        post(ours, "assistant-request")
    started = time.monotonic()
    assert post(ours, "assistant-request") == {"max_duration_seconds": GRANTED}
    assert time.monotonic() - started < 0.4
    assert len(there.requests) == 5


def test_over_eight_waiting_requests_of_an_agency_are_answered_at_once(
    acme: Agency, ben: Organization, ours: hms_endpoints.Endpoint, there: Endpoint
) -> None:
    with ExitStack() as waiting:
        for number in range(8):
            waiting.enter_context(relay.LANES.enter(acme.pk, number))
        assert post(ours, "assistant-request") == {"max_duration_seconds": GRANTED}
    assert there.requests == []
    assert delivery(acme).why == relay.BUSY
