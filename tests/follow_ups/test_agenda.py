from datetime import timedelta

import pytest
from django.utils import timezone

from agencies.models import Agency
from follow_ups import agenda
from follow_ups.models import FollowUp
from tenancy import door

pytestmark = pytest.mark.django_db


def ask(agency: Agency, **later: object) -> None:
    agenda.schedule(kind="sync_calls", subject="x", agency_id=agency.pk, **later)


def test_what_is_due_is_handed_out_once(acme: Agency) -> None:
    ask(acme)
    assert [row.subject for row in agenda.claim()] == ["x"]
    assert agenda.claim() == []


def test_what_is_not_due_yet_waits(acme: Agency) -> None:
    ask(acme, due_at=timezone.now() + timedelta(hours=1))
    assert agenda.claim() == []


def test_asking_twice_keeps_one_row_and_the_earlier_time(acme: Agency) -> None:
    ask(acme)
    ask(acme, due_at=timezone.now() + timedelta(hours=1))
    assert FollowUp.objects.get().due_at <= timezone.now()


def test_asking_for_now_overtakes_a_later_time(acme: Agency) -> None:
    ask(acme, due_at=timezone.now() + timedelta(hours=1))
    ask(acme)
    assert len(agenda.claim()) == 1


def test_finished_work_is_off_the_agenda(acme: Agency) -> None:
    ask(acme)
    agenda.finish(agenda.claim()[0])
    assert not FollowUp.objects.exists()


def test_finished_work_may_name_its_next_time(acme: Agency) -> None:
    ask(acme)
    tomorrow = timezone.now() + timedelta(days=1)
    agenda.finish(agenda.claim()[0], again_at=tomorrow)
    assert FollowUp.objects.get().due_at == tomorrow


def test_what_was_asked_while_it_was_being_done_is_done_again(acme: Agency) -> None:
    ask(acme)
    first = agenda.claim()[0]
    ask(acme)
    agenda.finish(first, again_at=timezone.now() + timedelta(days=1))
    assert [row.serial for row in agenda.claim()] == [2]


def test_what_never_reached_a_worker_is_handed_out_again_within_a_minute(acme: Agency) -> None:
    ask(acme)
    agenda.claim()
    assert len(agenda.claim(now=timezone.now() + agenda.HANDED_OUT)) == 1


def test_what_is_handed_out_twice_is_begun_by_one_worker(acme: Agency) -> None:
    ask(acme)
    first = agenda.claim()[0]
    (second,) = agenda.claim(now=timezone.now() + agenda.HANDED_OUT)
    assert agenda.take_up(first)
    assert agenda.take_up(second) is None


def test_work_of_a_killed_worker_is_handed_out_again_when_its_lease_ends(acme: Agency) -> None:
    ask(acme)
    agenda.take_up(agenda.claim()[0])
    assert agenda.claim(now=timezone.now() + agenda.LEASE / 2) == []
    assert len(agenda.claim(now=timezone.now() + agenda.LEASE)) == 1


def test_work_that_is_lost_again_and_again_is_handed_out_more_and_more_rarely(acme: Agency) -> None:
    ask(acme)
    now = timezone.now()
    agenda.claim(now=now)
    agenda.claim(now=now + agenda.HANDED_OUT)
    assert agenda.claim(now=now + 2 * agenda.HANDED_OUT) == []
    assert len(agenda.claim(now=now + 3 * agenda.HANDED_OUT)) == 1


def test_work_that_waited_long_in_the_queue_has_its_whole_lease_when_it_begins(acme: Agency) -> None:
    ask(acme)
    (late,) = agenda.claim()
    FollowUp.objects.update(claimed_until=timezone.now() + timedelta(seconds=5))
    assert agenda.take_up(late) == late
    assert agenda.claim(now=timezone.now() + timedelta(minutes=5)) == []


def test_work_that_is_begun_covers_what_was_asked_for_before(acme: Agency) -> None:
    ask(acme)
    (claimed,) = agenda.claim()
    ask(acme)
    begun = agenda.take_up(claimed)
    assert begun is not None
    agenda.finish(begun)
    assert not FollowUp.objects.exists()


def test_work_that_is_done_is_not_begun_again(acme: Agency) -> None:
    ask(acme)
    (claimed,) = agenda.claim()
    agenda.finish(claimed, again_at=timezone.now() + timedelta(hours=1))
    assert agenda.take_up(claimed) is None
    FollowUp.objects.all().delete()
    assert agenda.take_up(claimed) is None


def test_work_that_reached_no_worker_is_handed_out_at_once(acme: Agency) -> None:
    ask(acme)
    agenda.hand_back(agenda.claim())
    assert len(agenda.claim()) == 1


def test_failed_work_comes_back_after_a_pause_that_grows(acme: Agency) -> None:
    ask(acme)
    pauses = []
    for _ in range(3):
        FollowUp.objects.update(due_at=timezone.now())
        before = timezone.now()
        agenda.postpone(agenda.claim()[0], error="HMS did not answer")
        row = FollowUp.objects.get()
        pauses.append(row.due_at - before)
        assert row.error == "HMS did not answer"
    assert pauses == sorted(pauses)
    assert pauses[2] > 2 * pauses[0] - timedelta(seconds=1)


def test_inside_a_schema_the_agency_need_not_be_named(acme: Agency) -> None:
    with door.enter(acme):
        agenda.schedule(kind="sync_calls", subject="y")
    assert FollowUp.objects.get().agency_id == acme.pk


def test_a_rolled_back_transaction_leaves_no_work(acme: Agency) -> None:
    from django.db import transaction

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        ask(acme)
        raise ZeroDivisionError
    assert not FollowUp.objects.exists()
