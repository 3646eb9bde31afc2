import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agencies.models import Agency
from follow_ups import bell
from follow_ups.models import FollowUp
from hms_client import signatures
from inbox import hms_endpoints, hms_events
from inbox.models import HmsEvent
from tenancy import door

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
BODY = json.dumps({"message": {"type": "status-update", "call": {"id": "c1", "status": "ended"}}}).encode()
ORGANIZATION = uuid.uuid4()


@pytest.fixture
def endpoint(acme: Agency) -> hms_endpoints.Endpoint:
    with door.enter(acme):
        return hms_endpoints.open_endpoint(organization_id=ORGANIZATION)


def receive(endpoint: hms_endpoints.Endpoint, signed: bytes = BODY, **changes: Any) -> hms_events.Received:
    timestamp = str(int(NOW.timestamp()))
    sent = {"token": endpoint.token, "timestamp": timestamp, "now": NOW, "body": signed}
    sent["signature"] = signatures.sign(signed, timestamp, endpoint.secret)
    return hms_events.receive(**(sent | changes))


def test_whoever_is_refused_cannot_tell_whether_an_address_is_somebodys(
    endpoint: hms_endpoints.Endpoint, django_assert_num_queries: Any
) -> None:
    assert not HmsEvent.objects.exists()
    for token in (endpoint.token, "nobodys"):
        with django_assert_num_queries(1), pytest.raises(hms_events.Refused):
            receive(endpoint, token=token, signature="0" * 64)


def test_a_report_is_kept_and_asks_for_a_look_at_the_calls(endpoint: hms_endpoints.Endpoint, acme: Agency) -> None:
    got = receive(endpoint)
    assert (got.agency_id, got.organization_id, got.is_new) == (acme.pk, ORGANIZATION, True)
    event = HmsEvent.objects.get()
    assert (event.type, event.call_id, event.call_status) == ("status-update", "c1", "ended")
    asked = FollowUp.objects.get(kind="sync_calls")
    assert (asked.agency_id, asked.subject) == (acme.pk, str(ORGANIZATION))


@pytest.mark.parametrize(("kind", "wakes"), [("status-update", True), ("assistant-request", False)])
def test_a_report_wakes_the_dispatcher_and_a_question_lets_it_wait(
    endpoint: hms_endpoints.Endpoint, django_capture_on_commit_callbacks: Any, kind: str, *, wakes: bool
) -> None:
    body = json.dumps({"message": {"type": kind, "call": {"id": "c1", "status": "ringing"}}}).encode()
    with django_capture_on_commit_callbacks() as called:
        receive(endpoint, body)
    assert (bell.ring in called) is wakes


def test_fifty_deliveries_are_one_report(endpoint: hms_endpoints.Endpoint) -> None:
    assert [receive(endpoint).is_new for _ in range(50)] == [True] + [False] * 49
    assert HmsEvent.objects.get().deliveries == 50
    assert FollowUp.objects.get(kind="sync_calls").serial == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"token": "nobody's"},
        {"signature": None},
        {"signature": "sha256=" + "0" * 64},
        {"timestamp": None},
        {"timestamp": str(int(NOW.timestamp() * 1000))},
        {"body": BODY + b" "},
        {"now": NOW + timedelta(seconds=301)},
        {"now": NOW - timedelta(seconds=301)},
    ],
)
def test_whatever_is_not_surely_from_hms_is_refused(endpoint: hms_endpoints.Endpoint, changes: dict[str, Any]) -> None:
    with pytest.raises(hms_events.Refused):
        receive(endpoint, **changes)
    assert not HmsEvent.objects.exists()
    assert not FollowUp.objects.filter(kind="sync_calls").exists()


def test_nobodys_secret_opens_nothing(endpoint: hms_endpoints.Endpoint) -> None:
    timestamp = str(int(NOW.timestamp()))
    signature = signatures.sign(BODY, timestamp, hms_events._NOBODYS_SECRET)
    for token in ("nobody's", endpoint.token):
        with pytest.raises(hms_events.Refused):
            receive(endpoint, token=token, signature=signature)


def test_one_agencys_report_is_no_report_for_another(endpoint: hms_endpoints.Endpoint, globex: Agency) -> None:
    with door.enter(globex):
        theirs = hms_endpoints.open_endpoint(organization_id=uuid.uuid4())
    timestamp = str(int(NOW.timestamp()))
    with pytest.raises(hms_events.Refused):
        receive(endpoint, token=theirs.token, signature=signatures.sign(BODY, timestamp, endpoint.secret))


@pytest.mark.parametrize("body", [b"{}", b"not json", b'{"message": {}}', b"\xff"])
def test_what_hms_signed_and_cannot_be_read_is_a_hint_all_the_same(
    endpoint: hms_endpoints.Endpoint, body: bytes
) -> None:
    assert receive(endpoint, body).event is None
    assert (HmsEvent.objects.get().type, FollowUp.objects.filter(kind="sync_calls").count()) == ("unreadable", 1)


def test_texts_that_are_too_long_are_cut(endpoint: hms_endpoints.Endpoint) -> None:
    long = {"type": "t" * 100, "call": {"id": "c" * 300, "status": "s" * 100}}
    receive(endpoint, json.dumps({"message": long}).encode())
    event = HmsEvent.objects.get()
    assert (len(event.type), len(event.call_id), len(event.call_status)) == (60, 255, 60)


@pytest.mark.parametrize(("kind", "seconds"), [("assistant-request", 3), ("tool-calls", 15), ("status-update", 0)])
def test_a_question_lets_the_look_wait_a_little_and_news_does_not(
    endpoint: hms_endpoints.Endpoint, kind: str, seconds: int
) -> None:
    for number in range(3):
        body = {"message": {"type": kind, "call": {"id": f"c{number}", "status": "in-progress"}}}
        receive(endpoint, json.dumps(body).encode())
    [asked] = FollowUp.objects.filter(kind="sync_calls").values_list("due_at", flat=True)
    assert asked == NOW + timedelta(seconds=seconds)
    receive(endpoint)
    assert FollowUp.objects.get(kind="sync_calls").due_at == NOW
