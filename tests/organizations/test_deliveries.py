import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agencies import due_work
from agencies.models import Agency
from follow_ups.models import FollowUp
from hms_client import signatures, webhooks
from inbox import hms_targets
from notifications.models import Kind, Notification
from organizations import deliveries, relay
from organizations.deliveries import BodyGone, State
from organizations.models import Delivery, Organization
from organizations.relay import Outcome
from outside.lanes import Lanes
from tests.support import endpoint as endpoints
from tests.support import hms_says
from tests.support.endpoint import Endpoint
from tests.support.hms_says import Hms

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
YES, NO, SILENCE = Outcome(status=204, took_ms=40), Outcome(status=500, took_ms=9), Outcome(why="time", took_ms=10_000)


@pytest.fixture
def ben(connected_acme: Agency, says: Hms, monkeypatch: pytest.MonkeyPatch) -> Organization:
    monkeypatch.setattr(relay, "LANES", Lanes())
    return hms_says.ready(says)


@pytest.fixture
def there(ben: Organization) -> Iterator[Endpoint]:
    with endpoints.listening() as found:
        hms_targets.save(organization_id=ben.pk, url=found.url, secret="a secret of ben", events=hms_targets.EVENTS)
        yield found


def body(kind: str = "status-update", *, call: str = "c1", **message: Any) -> bytes:
    return json.dumps({"message": {"type": kind, "call": {"id": call}, "said": "Grüße"} | message}).encode()


def begin(ben: Organization, signed: bytes | None = None, *, is_asked: bool = False, at: datetime = NOW) -> Delivery:
    signed = body() if signed is None else signed
    made = deliveries.begin(
        organization_id=ben.pk, event=webhooks.parse(signed), body=signed, is_asked=is_asked, now=at
    )
    return Delivery.objects.get(pk=made)


def settled(row: Delivery, outcome: Outcome, after: timedelta = timedelta()) -> datetime | None:
    again_at = deliveries.settle(row.pk, outcome, now=row.created_at + after)
    row.refresh_from_db()
    return again_at


def test_a_delivery_is_a_row_and_a_follow_up_before_anything_leaves(ben: Organization, there: Endpoint) -> None:
    row = begin(ben)
    assert FollowUp.objects.filter(kind="deliver", subject=str(row.pk)).exists()
    assert (row.state, row.attempts, there.requests) == (State.WAITING, 0, [])
    assert b"c1" not in bytes(row.body_sealed), "the body is sealed"


def test_the_very_body_arrives_under_hms_names_with_the_clients_signature(ben: Organization, there: Endpoint) -> None:
    signed = b'{"message":  {"type": "status-update", "x": "\xc3\xbc"}}'
    row = begin(ben, signed, at=datetime.now(UTC))
    assert deliveries.attempt(row.pk) is None
    (request,) = there.requests
    assert request.body == signed
    assert request.headers["x-webhook-event"] == "status-update"
    signatures.verify(
        body=signed,
        timestamp=request.headers["x-webhook-timestamp"],
        signature=request.headers["x-webhook-signature"],
        secret="a secret of ben",
        now=int(datetime.now(UTC).timestamp()),
    )
    row.refresh_from_db()
    assert (row.state, row.status, row.attempts, row.body_sealed) == (State.DELIVERED, 200, 1, None)
    assert row.latency_ms is not None


def test_a_no_is_tried_again_with_growing_pauses_for_three_days(ben: Organization) -> None:
    row = begin(ben)
    at, pauses = timedelta(), []
    while (again_at := settled(row, NO, at)) is not None:
        pauses.append(again_at - (NOW + at))
        assert row.state == State.WAITING
        at = again_at - NOW
    assert pauses == sorted(pauses)
    assert pauses[0] == timedelta(seconds=10)
    assert timedelta(hours=66) < at < timedelta(days=3)
    assert (row.state, row.attempts) == (State.FAILED, len(pauses) + 1)
    told = Notification.objects.get(kind=Kind.DELIVERY)
    assert (told.subject, told.client_ids) == (str(ben.pk), [str(ben.client_id)])


def test_silence_is_tried_again_too(ben: Organization) -> None:
    row = begin(ben)
    assert settled(row, SILENCE) == NOW + timedelta(seconds=10)
    assert (row.status, row.why, row.latency_ms) == (None, "time", 10_000)


def test_what_was_not_sent_is_no_attempt(ben: Organization) -> None:
    row = begin(ben)
    assert settled(row, Outcome(why=relay.BUSY)) == NOW + timedelta(seconds=15)
    assert (row.attempts, row.state) == (0, State.WAITING)


def test_a_question_is_asked_once(ben: Organization) -> None:
    row = begin(ben, body("tool-calls"), is_asked=True)
    assert not FollowUp.objects.filter(kind="deliver").exists()
    assert settled(row, NO) is None
    assert (row.state, row.attempts) == (State.FAILED, 1)
    assert not Notification.objects.filter(kind=Kind.DELIVERY).exists(), "the caller has heard it"


def test_the_body_goes_when_it_is_delivered(ben: Organization) -> None:
    row = begin(ben)
    assert deliveries.body_of(row) == body()
    settled(row, NO)
    assert deliveries.body_of(row) == body()
    settled(row, YES)
    with pytest.raises(BodyGone):
        deliveries.body_of(row)


@pytest.mark.parametrize("outcome", [YES, NO])
def test_in_privacy_mode_nothing_is_kept_after_the_first_answer(ben: Organization, outcome: Outcome) -> None:
    row = begin(ben, body(assistant={"gdpr_mode": True}))
    assert settled(row, outcome) is None
    assert row.body_sealed is None


def test_in_privacy_mode_silence_is_no_answer(ben: Organization) -> None:
    row = begin(ben, body(assistant={"gdpr_mode": True}))
    assert settled(row, SILENCE) is not None
    assert row.body_sealed is not None


def test_privacy_holds_for_the_calls_later_reports_that_do_not_say(ben: Organization) -> None:
    begin(ben, body(assistant={"gdpr_mode": True}))
    assert begin(ben, body("end-of-call-report")).is_private
    assert not begin(ben, body("end-of-call-report", call="c2")).is_private
    assert not begin(ben, body(assistant={"gdpr_mode": False})).is_private


def test_bodies_go_after_three_days_and_rows_after_thirty(ben: Organization) -> None:
    row = begin(ben)
    follow_up = FollowUp.objects.get(kind="forget_deliveries")
    assert follow_up.due_at == NOW + timedelta(days=3)
    assert deliveries.forget(NOW + timedelta(days=3, seconds=-1)) == NOW + timedelta(days=3)
    assert deliveries.forget(NOW + timedelta(days=3)) == NOW + timedelta(days=30)
    row.refresh_from_db()
    assert (row.state, row.body_sealed) == (State.FAILED, None)
    assert deliveries.forget(NOW + timedelta(days=30)) is None
    assert not Delivery.objects.exists()


def test_a_failed_one_is_sent_again_on_a_click(ben: Organization, there: Endpoint) -> None:
    row = begin(ben, is_asked=True, at=datetime.now(UTC))
    settled(row, SILENCE)
    deliveries.send_again(row.pk)
    assert FollowUp.objects.filter(kind="deliver", subject=str(row.pk)).exists()
    assert deliveries.attempt(row.pk) is None
    row.refresh_from_db()
    assert (row.state, row.attempts, len(there.requests)) == (State.DELIVERED, 2, 1)
    with pytest.raises(BodyGone):
        deliveries.send_again(row.pk)


def test_work_that_comes_twice_sends_once(ben: Organization, there: Endpoint) -> None:
    row = begin(ben, at=datetime.now(UTC))
    deliveries.attempt(row.pk)
    assert deliveries.attempt(row.pk) is None
    assert len(there.requests) == 1


def test_without_an_endpoint_what_waited_is_given_up(ben: Organization, there: Endpoint) -> None:
    row = begin(ben, at=datetime.now(UTC))
    hms_targets.clear(organization_id=ben.pk)
    assert deliveries.attempt(row.pk) is None
    row.refresh_from_db()
    assert (row.state, row.why, there.requests) == (State.FAILED, "no_target", [])
    assert not Notification.objects.filter(kind=Kind.DELIVERY).exists(), "the client wanted it so"


def test_redirects_and_lies_are_failures_that_say_what_they_are(ben: Organization, there: Endpoint) -> None:
    there.says(b"", "302 Found", headers="Location: http://169.254.169.254/\r\n")
    row = begin(ben, at=datetime.now(UTC))
    deliveries.attempt(row.pk)
    row.refresh_from_db()
    assert (row.status, row.why, row.state) == (302, "", State.WAITING)
    there.sends(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{}")
    deliveries.attempt(row.pk)
    row.refresh_from_db()
    assert (row.status, row.why, row.attempts) == (None, "nonsense", 2)


def test_an_endpoint_that_failed_five_times_is_left_alone(ben: Organization, there: Endpoint) -> None:
    there.says(b"", "503 Busy")
    rows = [begin(ben, at=datetime.now(UTC)) for _ in range(7)]
    for row in rows:
        deliveries.attempt(row.pk)
    assert len(there.requests) == 5
    rows[-1].refresh_from_db()
    assert (rows[-1].why, rows[-1].attempts) == (relay.BUSY, 0)


def test_lost_follow_ups_are_derived_from_the_rows(ben: Organization, acme: Agency) -> None:
    row = begin(ben)
    asked = begin(ben, is_asked=True)
    FollowUp.objects.all().delete()
    due_work.rebuild(acme)
    assert FollowUp.objects.filter(kind="deliver", subject=str(row.pk)).exists()
    assert not FollowUp.objects.filter(kind="deliver", subject=str(asked.pk)).exists()
    assert FollowUp.objects.filter(kind="forget_deliveries").exists()


def test_the_latest_are_listed_first_without_their_bodies(ben: Organization, django_assert_num_queries: Any) -> None:
    for minute in range(3):
        begin(ben, at=NOW + timedelta(minutes=minute))
    with django_assert_num_queries(1):
        found = deliveries.latest(ben.pk, before=NOW + timedelta(minutes=2), limit=5)
        assert [row.created_at.minute for row in found] == [1, 0]
        assert all(vars(row)["has_body"] for row in found)
