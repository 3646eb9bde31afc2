"""Which calls a choice means, and what they come to."""

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from agencies.models import Agency
from calls import choosing, figures
from calls.choosing import Choice, Outcome
from calls.models import Call
from clients.models import Client
from organizations.models import Organization

pytestmark = pytest.mark.django_db
_serial = itertools.count(1)
NOON = timezone.make_aware(datetime(2026, 3, 10, 12))


@pytest.fixture
def organization(ben: Client) -> Organization:
    return Organization.objects.create(client=ben, hms_name="Ben")


def call(organization: Organization, **fields: Any) -> Call:
    said = {"status": "ended", "direction": "inbound", "placed_at": NOON, "customer_number": "+31612347788"}
    return Call.objects.create(organization=organization, hms_id=f"call-{next(_serial)}", **{**said, **fields})


def found(**asked: Any) -> set[Any]:
    return set(choosing.chosen(Choice(**asked)).values_list("pk", flat=True))


def test_nothing_chosen_is_every_call(organization: Organization) -> None:
    made = {call(organization).pk, call(organization, direction="web").pk}
    assert found() == made


def test_a_client_is_one_client(organization: Organization, inside_acme: Agency) -> None:
    mine = call(organization)
    bob = Client.objects.create(name="Bob", email="bob@client.test")
    other = call(Organization.objects.create(client=bob, hms_name="Bob"))
    assert found(client_id=organization.client_id) == {mine.pk}
    assert found() == {mine.pk, other.pk}


def test_a_period_holds_its_beginning_and_not_its_end(organization: Organization) -> None:
    first, _last = call(organization), call(organization, placed_at=NOON + timedelta(days=1))
    assert found(since=NOON, until=NOON + timedelta(days=1)) == {first.pk}


def test_direction_and_assistant_are_exact(organization: Organization) -> None:
    call(organization, assistant_name="Front desk 2")
    wanted = call(organization, assistant_name="Front desk", direction="outbound")
    assert found(assistant="Front desk", direction="outbound") == {wanted.pk}


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("ended", Outcome.ENDED),
        ("Ended", Outcome.ENDED),
        ("ended_with_error", Outcome.BROKE_OFF),
        ("ended-with-error", Outcome.BROKE_OFF),
        ("transferred", Outcome.PASSED_ON),
        ("failed", Outcome.NOT_CONNECTED),
        ("rejected", Outcome.NOT_ANSWERED),
        ("insufficient_credits", Outcome.NOT_ANSWERED),
        ("in-progress", Outcome.RUNNING),
        ("dialing", Outcome.RUNNING),
        ("teleported", Outcome.OTHER),
    ],
)
def test_every_word_of_hms_is_found_under_one_outcome(
    organization: Organization, status: str, outcome: Outcome
) -> None:
    made = call(organization, status=status)
    assert choosing.outcome_of(status) is outcome
    assert [each for each in Outcome if made.pk in found(outcome=each)] == [outcome]


@pytest.mark.parametrize("words", ["7788", "+31 6 1234 7788", "06 1234 7788", "061234", "front", "DESK"])
def test_words_find_numbers_however_they_are_written_and_assistants(organization: Organization, words: str) -> None:
    made = call(organization, assistant_name="Front desk")
    call(organization, customer_number="+4930111222", assistant_name="Sales")
    assert found(search=words) == {made.pk}


@pytest.mark.parametrize("words", ["9999", "12", "%", "_", "x\0y"])
def test_words_that_are_nowhere_find_nothing(organization: Organization, words: str) -> None:
    call(organization, assistant_name="Front desk")
    assert found(search=words) == set()


def test_a_name_of_a_client_is_looked_for_among_all_clients_alone(organization: Organization) -> None:
    made = call(organization)
    assert found(search="ben@client") == {made.pk}
    assert found(search="ben@client", client_id=organization.client_id) == set()


def test_assistants_to_choose_from_are_named_once_and_sorted(organization: Organization) -> None:
    for name in ("sales", "Front desk", "sales", ""):
        call(organization, assistant_name=name)
    assert choosing.assistants(organization.client_id) == ["Front desk", "sales"]


def test_figures_count_each_day_and_outcome_of_the_choice(organization: Organization) -> None:
    call(organization, measured_seconds=60, billed_seconds=60)
    call(organization, measured_seconds=31, billed_seconds=60, placed_at=NOON + timedelta(hours=1))
    call(organization, status="failed", billed_seconds=0)
    call(organization, measured_seconds=9, billed_seconds=60, placed_at=NOON + timedelta(days=2))
    call(organization, direction="outbound", measured_seconds=500, billed_seconds=500)
    first = NOON.date()
    counted = figures.of(Choice(direction="inbound"), first=first, last=first + timedelta(days=2))
    assert [(day.calls, day.answered, day.measured_seconds, day.billed_seconds) for day in counted.days] == [
        (3, 2, 91, 120),
        (0, 0, 0, 0),
        (1, 1, 9, 60),
    ]
    assert [day.average_seconds for day in counted.days] == [45, 0, 9]
    assert counted.whole.average_seconds == 33
    assert counted.outcomes == [(Outcome.ENDED, 3), (Outcome.NOT_CONNECTED, 1)]


def test_a_call_after_midnight_belongs_to_the_day_of_the_portal(organization: Organization) -> None:
    midnight = timezone.make_aware(datetime(2026, 3, 11))
    call(organization, placed_at=midnight, measured_seconds=5, billed_seconds=5)
    call(organization, placed_at=midnight - timedelta(seconds=1), measured_seconds=7, billed_seconds=7)
    counted = figures.of(Choice(), first=NOON.date(), last=NOON.date() + timedelta(days=1))
    assert [day.billed_seconds for day in counted.days] == [7, 5]
