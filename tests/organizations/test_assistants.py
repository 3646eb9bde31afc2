import pytest
from django.core.cache import cache
from redis import ConnectionError as RedisAway

from agencies.models import Agency
from follow_ups.models import FollowUp
from hms_client import HMSError
from inbox.models import HmsEndpoint
from organizations import assistants
from organizations.models import Organization
from tests.support import hms_says
from tests.support.hms_says import Hms

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(connected_acme: Agency, says: Hms) -> Organization:
    return hms_says.ready(says)


def test_the_first_assistant_points_at_our_own_endpoint(ready: Organization, says: Hms) -> None:
    assistants.equip(ready.pk)
    made = says.of(ready).assistants[0]
    assert made["webhook_url"].startswith("http://portal.localhost:8004/api/webhooks/hms/")
    assert made["webhook_events"] == ["assistant-request", "tool-calls", "status-update", "end-of-call-report"]
    assert len(made["webhook_secret"]) >= 32
    assert [row.reports_to_us for row in assistants.in_use(ready)] == [True]


def test_equipping_twice_makes_one_assistant_and_one_endpoint(ready: Organization, says: Hms) -> None:
    assistants.equip(ready.pk)
    Organization.objects.update(equipped_at=None)
    assistants.equip(ready.pk)
    assert len(says.of(ready).assistants) == 1
    assert HmsEndpoint.objects.filter(organization_id=ready.pk).count() == 1


def test_an_organization_with_an_assistant_gets_no_other(ready: Organization, says: Hms) -> None:
    says.of(ready).assistants.append({"id": "a1", "name": "Own", "webhook_url": "https://elsewhere.test/hook"})
    assistants.equip(ready.pk)
    assert [(row.name, row.reports_to_us) for row in assistants.in_use(ready)] == [("Own", False)]


def test_a_lost_answer_makes_no_second_assistant(ready: Organization, says: Hms) -> None:
    says.loses_the_answer("POST /assistants")
    with pytest.raises(HMSError):
        assistants.equip(ready.pk)
    assistants.equip(ready.pk)
    assert len(says.of(ready).assistants) == 1


def test_what_is_not_ready_is_not_equipped(ready: Organization, says: Hms) -> None:
    Organization.objects.update(state=Organization.State.SUSPENDED)
    assistants.equip(ready.pk)
    assert says.of(ready).assistants == []


def test_becoming_ready_asks_for_the_equipment(ready: Organization) -> None:
    assert FollowUp.objects.filter(kind="organization", subject=str(ready.pk)).exists()


def test_nothing_handed_out_holds_a_secret(ready: Organization, says: Hms) -> None:
    assistants.equip(ready.pk)
    made = says.of(ready).assistants[0]
    shown = repr(assistants.in_use(ready)) + repr(cache.get(f"assistants.{ready.pk}"))
    assert made["webhook_secret"] not in shown
    assert made["webhook_url"] not in shown


def test_assistants_are_kept_for_a_moment(ready: Organization, says: Hms) -> None:
    for _ in range(3):
        assistants.in_use(ready)
    assert says.requests.count("GET /assistants") == 1


def test_without_the_cache_hms_is_asked(ready: Organization, says: Hms, monkeypatch) -> None:
    def away(*args: object, **kwargs: object) -> None:
        raise RedisAway

    monkeypatch.setattr(cache, "get", away)
    says.of(ready).assistants.append({"id": "a1", "name": "Own"})
    assert [row.name for row in assistants.in_use(ready)] == ["Own"]


def test_numbers_that_are_switched_off_are_left_out(ready: Organization, says: Hms) -> None:
    says.of(ready).numbers += [
        {"id": "2", "phone_number": "+31200000002", "agent_id": "a1"},
        {"id": "1", "phone_number": "+31200000001", "is_active": False},
    ]
    assert assistants.numbers(ready) == (assistants.Number("2", "+31200000002", "", "a1"),)
