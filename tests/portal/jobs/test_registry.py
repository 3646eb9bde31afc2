from typing import Any

import kombu
import pytest
from django.conf import settings

from agencies.models import Agency
from follow_ups import agenda
from follow_ups.models import FollowUp
from portal.jobs import registry
from tenancy import door, schemas

pytestmark = pytest.mark.django_db


def claimed(agency: Agency, kind: str) -> dict[str, object]:
    agenda.schedule(kind=kind, subject="s", agency_id=agency.pk)
    row = agenda.claim()[0]
    return {"agency_id": row.agency_id, "row": row.id, "kind": kind, "subject": "s", "serial": row.serial}


def test_a_job_runs_inside_its_agency(acme: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setitem(registry.KINDS, "look", lambda subject: seen.append((subject, schemas.current())))
    registry.look_after(**claimed(acme, "look"))
    assert seen == [("s", acme.schema_name)]
    assert not FollowUp.objects.exists()


def test_a_task_that_the_queue_hands_out_twice_is_done_once(acme: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setitem(registry.KINDS, "look", done.append)
    work = claimed(acme, "look")
    registry.look_after(**work)
    registry.look_after(**work)
    assert done == ["s"]


def test_a_job_is_ended_before_somebody_else_may_begin_it() -> None:
    assert agenda.LEASE.total_seconds() > settings.CELERY_TASK_TIME_LIMIT


def test_a_job_without_an_agency_does_not_run() -> None:
    with pytest.raises(registry.NoAgency):
        registry.look_after(row=1, kind="look", subject="s", serial=1)


def test_a_job_of_a_closed_agency_does_not_run(acme: Agency) -> None:
    work = claimed(acme, "look")
    Agency.objects.filter(pk=acme.pk).update(state=Agency.State.CLOSED)
    with pytest.raises(door.AgencyNotReady):
        registry.look_after(**work)


def test_a_failed_job_is_put_back_with_its_reason_and_no_secret(acme: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(subject: str) -> None:
        raise ValueError("key sk_live_51CANARYCANARY was refused")

    monkeypatch.setitem(registry.KINDS, "look", fail)
    registry.look_after(**claimed(acme, "look"))
    error = FollowUp.objects.get().error
    assert error == "ValueError: key sk_live_*** was refused"


def test_an_unknown_kind_stays_on_the_agenda_and_says_so(acme: Agency) -> None:
    registry.look_after(**claimed(acme, "no_such_kind"))
    assert "no_such_kind" in FollowUp.objects.get().error


@pytest.mark.parametrize(
    ("kind", "queue"), [("stripe_event", 0), ("sync_calls", 0), ("receipt", 1), ("unheard_of", 1), ("deliver", 2)]
)
def test_what_moves_a_balance_goes_into_the_first_queue(kind: str, queue: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(registry.look_after, "apply_async", lambda **order: sent.append(order))
    registry.hand_out(agenda.Claimed(7, 1, kind, "s", 3))
    assert sent == [
        {
            "kwargs": {"agency_id": 1, "row": 7, "kind": kind, "subject": "s", "serial": 3},
            "queue": settings.CELERY_TASK_QUEUES[queue].name,
        }
    ]


def test_workers_take_from_the_second_queue_only_when_the_first_is_empty(settings: Any) -> None:
    first, second, _deliveries = settings.CELERY_TASK_QUEUES
    with (
        kombu.Connection(settings.REDIS_URL, transport_options=settings.CELERY_BROKER_TRANSPORT_OPTIONS) as connection,
        kombu.Consumer(connection, [second(connection), first(connection)]) as consumer,
    ):
        consumer.qos(prefetch_count=1)
        taken: list[str] = []
        consumer.register_callback(lambda body, message: (taken.append(body), message.ack()))
        producer = kombu.Producer(connection)
        for number in range(3):
            producer.publish(f"later {number}", routing_key=second.name, declare=[second])
            producer.publish(f"now {number}", routing_key=first.name, declare=[first])
        while len(taken) < 6:
            connection.drain_events(timeout=5)
    assert taken == ["now 0", "now 1", "now 2", "later 0", "later 1", "later 2"]
