"""A difference from HMS's totals is read again, and shown only if that did not help."""

from datetime import UTC, datetime, timedelta

import pytest

from agencies import attention, control, discrepancies
from agencies.attention import Action
from agencies.models import Agency, Discrepancy
from billing import wallets
from calls import control as totals
from calls import sync
from calls.models import Call
from follow_ups.models import FollowUp
from organizations.models import Organization
from tests.support import hms_says
from tests.support.hms_says import PER_SECOND, Hms, iso

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def ben(connected_acme: Agency, says: Hms) -> Organization:
    organization = hms_says.ready(says, credit=6000)
    organization.wanted_at = datetime.now(UTC) - 30 * DAY
    organization.calls_synced_until = organization.calls_swept_at = datetime.now(UTC)
    organization.save()
    return organization


def open_differences() -> list[Discrepancy]:
    return list(discrepancies.unresolved().filter(kind=Discrepancy.Kind.CONTROL))


def test_a_call_that_hms_lists_ten_days_late_is_found_booked_and_no_alarm(ben: Organization, says: Hms) -> None:
    says.of(ben).ends(73, ended_at=datetime.now(UTC) - 10 * DAY)
    again_at = control.look(ben.pk)
    assert again_at is not None
    assert timedelta(minutes=59) < again_at - datetime.now(UTC) <= control.SOON
    assert (Call.objects.get().billed_seconds, wallets.get(ben.client_id).balance) == (73, 6000 - 73)
    assert control.look(ben.pk) is None
    assert open_differences() == []


def test_a_correction_of_an_old_call_is_found_too(ben: Organization, says: Hms) -> None:
    at = datetime.now(UTC) - 10 * DAY
    call_id = says.of(ben).ends(73, ended_at=at)
    control.look(ben.pk)
    says.of(ben).ends(133, id=call_id, ended_at=at)
    control.look(ben.pk)
    assert (Call.objects.get().billed_seconds, Call.objects.get().corrections) == (133, 1)
    assert control.look(ben.pk) is None


def test_a_difference_that_survives_is_shown_and_closed_when_it_is_gone(ben: Organization, says: Hms) -> None:
    at_hms = says.of(ben)
    at_hms.counted.append({"id": "ghost", "duration_sec": 45, "created_at": iso(datetime.now(UTC) - 5 * DAY)})
    assert control.look(ben.pk) is not None
    assert open_differences() == []
    assert control.look(ben.pk) is None
    row = open_differences()[0]
    assert (row.facts, row.client_id) == ({"difference_seconds": 45}, ben.client_id)
    assert "HMS counts more time of Ben" in row.words
    assert attention.items()[0].action is Action.LOOK_AGAIN
    at_hms.counted.clear()
    control.look(ben.pk)
    assert open_differences() == []


def test_a_closed_difference_stays_closed_until_it_is_another_one(ben: Organization, says: Hms) -> None:
    at_hms = says.of(ben)
    ghost = {"id": "ghost", "duration_sec": 45, "created_at": iso(datetime.now(UTC) - 5 * DAY)}
    at_hms.counted.append(ghost)
    for _night in range(2):
        control.look(ben.pk)
    discrepancies.resolve(discrepancy_id=open_differences()[0].pk, resolution="HMS knows", actor={"kind": "member"})
    at = datetime.now(UTC) - 4 * DAY
    at_hms.ends(100, ended_at=at)
    sync.read_again(ben.pk, terms=PER_SECOND, start=at, until=at)
    for _night in range(3):
        control.look(ben.pk)
    assert open_differences() == []
    at_hms.counted.append(ghost | {"id": "another"})
    control.look(ben.pk)
    assert open_differences()[0].facts == {"difference_seconds": 90}


def test_what_we_know_and_hms_does_not_count_is_shown_as_well(ben: Organization, says: Hms) -> None:
    call_id = says.of(ben).ends(60, ended_at=datetime.now(UTC) - 5 * DAY)
    control.look(ben.pk)
    del says.of(ben).calls[call_id]
    for _night in range(2):
        control.look(ben.pk)
    assert "add up to more time than HMS counts" in open_differences()[0].words
    assert Call.objects.get().billed_seconds == 60, "a call that happened stays booked"


def test_every_client_with_a_key_is_compared_each_night(ben: Organization, says: Hms) -> None:
    zoe = hms_says.ready(says, "Zoe")
    unready = hms_says.ready(says, "Tim")
    Organization.objects.filter(pk=unready.pk).update(state="unclear", api_key_sealed=None)
    FollowUp.objects.all().delete()
    now = datetime.now(UTC)
    assert now < control.spread(now) <= now + DAY + timedelta(hours=5)
    asked = FollowUp.objects.filter(kind=control.EACH_KIND).values_list("subject", flat=True)
    assert set(asked) == {str(ben.pk), str(zoe.pk)}


def test_looking_again_compares_that_client_now(ben: Organization, says: Hms) -> None:
    at_hms = says.of(ben)
    at_hms.counted.append({"id": "ghost", "duration_sec": 45, "created_at": iso(datetime.now(UTC) - 5 * DAY)})
    for _night in range(2):
        control.look(ben.pk)
    FollowUp.objects.all().delete()
    attention.look_again(item_id=open_differences()[0].pk)
    assert FollowUp.objects.get(kind=control.EACH_KIND).subject == str(ben.pk)


def test_every_difference_is_remembered_with_both_sums(ben: Organization, says: Hms) -> None:
    says.of(ben).counted.append({"id": "ghost", "duration_sec": 45, "created_at": iso(datetime.now(UTC) - 5 * DAY)})
    control.look(ben.pk)
    ben.refresh_from_db()
    kept = totals.last(ben)
    assert kept is not None
    assert (kept.theirs, kept.ours, kept.times) == (45, 0, 1)
