from datetime import UTC, datetime, timedelta

import httpx
import pytest

from agencies.models import Agency
from calls import control, sync
from calls.control import Compared
from calls.models import Call
from organizations.models import Organization
from tests.support import hms_says
from tests.support.hms_says import PER_SECOND, Hms, Org, iso

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def ben(connected_acme: Agency, says: Hms, now: datetime) -> Organization:
    organization = hms_says.ready(says, credit=600)
    organization.wanted_at = now - timedelta(days=30)
    organization.save()
    return organization


@pytest.fixture
def at_hms(ben: Organization, says: Hms) -> Org:
    return says.of(ben)


def called(org: Org, now: datetime, *hours_ago: float, seconds: int = 60) -> list[str]:
    return [org.ends(seconds, ended_at=now - hours * HOUR) for hours in hours_ago]


def compared(organization: Organization, now: datetime) -> Compared:
    found = control.compare(organization.pk, now=now)
    assert found is not None
    return found


def test_sums_up_to_the_cut_agree_with_one_question(ben: Organization, at_hms: Org, says: Hms, now: datetime) -> None:
    called(at_hms, now, 400, 100, 50, 40, 1)
    sync.sync(ben.pk, terms=PER_SECOND)
    says.requests.clear()
    found = compared(ben, now)
    assert (found.theirs, found.ours, found.difference, found.times) == (180, 180, 0, 0)
    assert says.requests == ["GET /usage"]
    ben.refresh_from_db()
    assert control.last(ben) == found


def test_nothing_is_compared_before_there_is_a_key(connected_acme: Agency, says: Hms, now: datetime) -> None:
    ben = hms_says.ready(says)
    Organization.objects.filter(pk=ben.pk).update(api_key_sealed=None, state="unclear")
    assert control.compare(ben.pk, now=now) is None
    ben.refresh_from_db()
    assert control.last(ben) is None


@pytest.mark.parametrize("counts_after", [timedelta(minutes=-3), timedelta(minutes=5), timedelta(minutes=110)])
def test_a_row_that_lies_across_the_cut_from_its_call_is_no_difference(
    ben: Organization, at_hms: Org, now: datetime, counts_after: timedelta
) -> None:
    at_hms.counts_after = counts_after
    called(at_hms, now, 60, 47.98, seconds=30)
    for number in range(80):
        called(at_hms, now, 48 + (number - 40) / 10, seconds=60 + number)
    sync.sync(ben.pk, terms=PER_SECOND)
    found = compared(ben, now)
    assert (found.difference, found.near > 0) == (0, True)


def test_what_hms_counts_and_nobody_knows_is_a_difference(ben: Organization, at_hms: Org, now: datetime) -> None:
    called(at_hms, now, 100, 60)
    at_hms.counted.append({"id": "ghost", "duration_sec": 45, "created_at": iso(now - 72 * HOUR)})
    sync.sync(ben.pk, terms=PER_SECOND)
    found = compared(ben, now)
    assert (found.difference, found.times, found.has_survived) == (45, 1, False)
    assert found.agreed_until is not None
    assert now - 77 * HOUR < found.agreed_until < now - 72 * HOUR
    again = compared(ben, now + HOUR)
    assert (again.difference, again.times, again.has_survived) == (45, 2, True)


@pytest.mark.parametrize("seconds", [59, 61])
def test_a_call_that_hms_counts_with_another_length_is_a_difference_at_the_cut_too(
    ben: Organization, at_hms: Org, now: datetime, seconds: int
) -> None:
    call_id = called(at_hms, now, 48.5)[0]
    sync.sync(ben.pk, terms=PER_SECOND)
    Call.objects.filter(hms_id=call_id).update(measured_seconds=seconds)
    assert compared(ben, now).difference == 60 - seconds


def test_a_difference_that_is_gone_counts_from_the_beginning(ben: Organization, at_hms: Org, now: datetime) -> None:
    called(at_hms, now, 100)
    assert compared(ben, now).times == 1
    sync.sync(ben.pk, terms=PER_SECOND)
    assert compared(ben, now).times == 0
    called(at_hms, now, 90)
    assert compared(ben, now).times == 1


def test_the_younger_side_of_a_difference_is_found_with_few_questions(
    ben: Organization, at_hms: Org, says: Hms, now: datetime
) -> None:
    called(at_hms, now, *range(60, 700, 20))
    sync.sync(ben.pk, terms=PER_SECOND)
    late = at_hms.ends(77, ended_at=now - 200 * HOUR)
    says.requests.clear()
    found = compared(ben, now)
    assert len(says.requests) < 15
    assert found.agreed_until is not None
    sync.read_again(ben.pk, terms=PER_SECOND, start=found.agreed_until, until=found.cut_at)
    assert Call.objects.get(hms_id=late).billed_seconds == 77


def test_a_summary_without_seconds_is_added_up_from_its_rows(
    ben: Organization, at_hms: Org, says: Hms, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    called(at_hms, now, 100, 90)
    sync.sync(ben.pk, terms=PER_SECOND)
    answer = says.answer

    def legacy(*asked: object) -> object:
        told = answer(*asked)  # type: ignore[arg-type]
        if b"total_duration_seconds" in told.content:
            body = told.json()
            del body["summary"]["total_duration_seconds"]
            return httpx.Response(200, json=body)
        return told

    monkeypatch.setattr(says, "answer", legacy)
    assert compared(ben, now).theirs == 120
