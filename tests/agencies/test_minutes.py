from datetime import timedelta

import pytest
from django.utils import timezone

from agencies import minutes
from agencies.models import Agency
from clients.models import Client
from follow_ups.models import FollowUp
from organizations import provisioning
from organizations.models import Organization
from tenancy import door
from tests.support import hms_says
from tests.support.hms_says import Hms
from vault.models import HMSConnection

pytestmark = pytest.mark.django_db


def test_a_parents_key_connects_with_its_name_and_seconds(acme: Agency, says: Hms) -> None:
    parent = says.opens("Acme at HMS")
    connection = minutes.connect(acme.pk, f" {parent.key} ")
    assert (connection.organization_id, connection.organization_name) == (parent.id, "Acme at HMS")
    assert connection.seconds_left == 30_030
    assert connection.checked_at is not None
    assert FollowUp.objects.filter(agency=acme, kind="minutes").exists()


@pytest.mark.parametrize(
    ("told", "seconds"), [(500.5, 30_030), (0.99, 59), (1 / 3, 19), (0, 0), (-0.01, -1), (-1.5, -90)]
)
def test_minutes_are_whole_seconds_rounded_down(acme: Agency, says: Hms, told: float, seconds: int) -> None:
    parent = says.opens("Acme")
    parent.minutes = told
    assert minutes.connect(acme.pk, parent.key).seconds_left == seconds


@pytest.mark.parametrize(
    ("key", "broken", "sentence"),
    [
        ("fl_unknown", minutes.KeyRefused, "does not know this key"),
        ("", minutes.NotAnHmsKey, "starts with fl_"),
        ("sk_live_4242424242", minutes.NotAnHmsKey, "key of Stripe"),
        ("fl_with space", minutes.NotAnHmsKey, "fl_"),
    ],
)
def test_what_is_no_key_is_refused_in_a_sentence(
    acme: Agency, says: Hms, key: str, broken: type[Exception], sentence: str
) -> None:
    with pytest.raises(broken, match=sentence):
        minutes.connect(acme.pk, key)
    assert not HMSConnection.objects.exists()


def test_the_key_of_a_child_is_refused(acme: Agency, says: Hms) -> None:
    child = says.opens("Ben", says.opens("Acme").id)
    with pytest.raises(minutes.KeyOfAChild, match="your agency's own key"):
        minutes.connect(acme.pk, child.key)
    assert not HMSConnection.objects.exists()


def test_an_organization_serves_one_agency(acme: Agency, globex: Agency, says: Hms) -> None:
    parent = says.opens("Acme")
    minutes.connect(acme.pk, parent.key)
    with pytest.raises(minutes.OrganizationTaken, match="Another agency"):
        minutes.connect(globex.pk, parent.key)


def test_an_hms_that_does_not_answer_is_not_a_wrong_key(acme: Agency, says: Hms) -> None:
    parent = says.opens("Acme")
    says.refuses("GET /organizations", 503)
    with pytest.raises(minutes.HmsUnreachable, match="try again"):
        minutes.connect(acme.pk, parent.key)


def test_a_new_key_of_the_same_organization_replaces_the_old_one(acme: Agency, says: Hms) -> None:
    parent = hms_says.connect(says, acme)
    fresh = says.opens(parent.name)
    fresh.id = parent.id
    with door.enter(acme):
        hms_says.ready(says)
    assert minutes.connect(acme.pk, fresh.key).api_key_mask.endswith(fresh.key[-4:])


def test_clients_are_not_left_behind_in_another_organization(acme: Agency, says: Hms) -> None:
    hms_says.connect(says, acme)
    with door.enter(acme):
        hms_says.ready(says)
    with pytest.raises(minutes.AnotherOrganization, match="same organization"):
        minutes.connect(acme.pk, says.opens("Other").key)


def test_connecting_wakes_the_organizations_that_waited_for_it(acme: Agency, says: Hms) -> None:
    with door.enter(acme):
        waiting = provisioning.want(Client.objects.create(name="Ben", email="ben@client.test"))
    FollowUp.objects.update(due_at=timezone.now() + timedelta(hours=1))
    minutes.connect(acme.pk, says.opens("Acme").key)
    assert FollowUp.objects.get(kind="organization", subject=str(waiting.pk)).due_at <= timezone.now()


def test_a_refresh_follows_hms(connected_acme: Agency, says: Hms) -> None:
    parent = next(iter(says.orgs.values()))
    parent.minutes, parent.name = 12.75, "Renamed"
    minutes.refresh(connected_acme.pk)
    connection = HMSConnection.objects.get()
    assert (connection.seconds_left, connection.organization_name) == (765, "Renamed")


def test_an_agency_without_a_key_has_nothing_to_refresh(acme: Agency, says: Hms) -> None:
    with door.enter(acme):
        assert minutes.refresh(acme.pk) is None


def test_the_balance_is_watched_closely_while_clients_are_active(connected_acme: Agency, says: Hms) -> None:
    now = timezone.now()
    assert minutes.next_look(now) - now == timedelta(hours=6)
    hms_says.ready(says)
    assert minutes.next_look(now) - now == timedelta(minutes=5)
    Organization.objects.update(active_at=now - timedelta(days=2))
    assert minutes.next_look(now) - now == timedelta(hours=6)
