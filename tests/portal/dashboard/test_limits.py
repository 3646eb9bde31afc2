"""The page of a client's limits, suspending a client, what the owner allows in test mode; each by whom it may be."""

from typing import Any

import pytest

from agencies.models import Membership
from audit.models import AuditEntry
from billing.models import Wallet
from calls import rehearsals
from clients import limits
from clients.limits import Limits
from clients.models import Client
from follow_ups.models import FollowUp
from organizations import suspension
from organizations.models import Organization
from tenancy import door
from tests.portal.dashboard.conftest import Dashboard, member
from tests.support import hms_says
from tests.support.hms_says import Hms
from tests.support.portal import Person, Portal, text_of
from vault.models import StripeConnection

pytestmark = pytest.mark.django_db
says = hms_says.says


@pytest.fixture
def portal(acme: Any, says: Hms) -> Portal:
    hms_says.connect(says, acme)
    return Portal(acme, says)


@pytest.fixture
def ben(portal: Portal) -> Person:
    return portal.person(credit=6000)


@pytest.fixture
def mia(portal: Portal) -> Dashboard:
    return member(portal.agency, Membership.Role.MANAGER)


@pytest.fixture
def vic(portal: Portal) -> Dashboard:
    return member(portal.agency, Membership.Role.VIEWER)


def limits_of(portal: Portal, ben: Person) -> Limits:
    with door.enter(portal.agency):
        return limits.of(ben.client.pk)


def organization(portal: Portal, ben: Person) -> Organization:
    with door.enter(portal.agency):
        return Organization.objects.select_related("client").get(client=ben.client)


def test_limits_are_typed_in_minutes_and_kept_in_seconds(portal: Portal, ben: Person, mia: Dashboard) -> None:
    path = f"clients/{ben.client.pk}/limits/"
    typed = {"calls_at_once": "2", "minutes_a_day": "60", "minutes_a_call": "10", "least_seconds": "45"}
    assert mia.post(path, **typed, sentence="Please  mail us.").status_code == 302
    assert limits_of(portal, ben) == Limits(2, 3600, 600, 45, "Please mail us.")
    form = mia.get(path).context["form"]
    assert [form[name].value() for name in typed] == [2, 60, 10, 45]
    assert mia.post(path).status_code == 302
    assert limits_of(portal, ben) == Limits()


def test_the_fallback_is_chosen_among_those_that_are_on(portal: Portal, ben: Person, mia: Dashboard) -> None:
    path, first = f"clients/{ben.client.pk}/limits/", portal.says.of(organization(portal, ben)).assistants[0]
    assert mia.post(path, assistant_id="nobody").status_code == 200
    assert mia.post(path, assistant_id=first["id"]).status_code == 302
    assert limits_of(portal, ben).assistant_id == first["id"]


def test_while_hms_is_away_what_was_chosen_stays(portal: Portal, ben: Person, mia: Dashboard) -> None:
    path = f"clients/{ben.client.pk}/limits/"
    with door.enter(portal.agency):
        limits.choose(client_id=ben.client.pk, limits=Limits(assistant_id="a-9"))
    portal.says.refuses("GET /assistants", 503)
    assert "HMS did not answer" in text_of(mia.get(path))
    portal.says.refuses("GET /assistants", 503)
    assert mia.post(path, assistant_id="a-9", calls_at_once="3").status_code == 302
    assert limits_of(portal, ben) == Limits(calls_at_once=3, assistant_id="a-9")


def test_a_limit_that_makes_no_sense_is_said_beside_its_field(ben: Person, mia: Dashboard) -> None:
    page = mia.post(f"clients/{ben.client.pk}/limits/", minutes_a_day="1", least_seconds="90")
    assert "no call would ever start" in str(page.context["form"].errors["minutes_a_day"])


def test_a_viewer_reads_limits_and_changes_none(portal: Portal, ben: Person, vic: Dashboard) -> None:
    path = f"clients/{ben.client.pk}/"
    assert "Managers and owners can set limits" in text_of(vic.get(f"{path}limits/"))
    for what in ("limits", "suspend", "reactivate"):
        assert vic.post(f"{path}{what}/", calls_at_once="1").status_code == 403
    assert limits_of(portal, ben) == Limits()


def test_a_suspended_client_can_call_no_more_and_its_page_says_how_far_it_is(
    portal: Portal, ben: Person, mia: Dashboard
) -> None:
    path, mine = f"clients/{ben.client.pk}/", organization(portal, ben)
    mia.post(f"{path}suspend/")
    assert FollowUp.objects.filter(kind=suspension.KIND, subject=str(mine.pk)).exists()
    with door.enter(portal.agency):
        suspension.settle(mine.pk)
    said = text_of(mia.get(path))
    assert "1 assistant is switched off at HMS" in said
    assert "manager@acme.test" in said
    assert "Calls are switched off for you" in ben.sees("/calls/start/")
    mia.post(f"{path}reactivate/")
    assert "being switched on again" in text_of(mia.get(path))
    with door.enter(portal.agency):
        suspension.settle(mine.pk)
        assert Client.objects.get(pk=ben.client.pk).state == Client.State.ACTIVE
    assert "switched" not in text_of(mia.get(path))


def test_limits_and_standing_are_written_when_they_change(ben: Person, mia: Dashboard) -> None:
    path = f"clients/{ben.client.pk}/"
    for what in ("limits", "suspend", "reactivate"):
        for _twice in range(2):
            assert mia.post(f"{path}{what}/", calls_at_once="2").status_code == 302
    written = [(entry.what, entry.before, entry.after) for entry in AuditEntry.objects.order_by("number")]
    assert written == [
        ("limits.changed", {}, {"calls_at_once": 2}),
        ("client.suspended", {"state": "active"}, {"state": "suspended"}),
        ("client.reactivated", {"state": "suspended"}, {"state": "active"}),
    ]


def test_client_and_agency_read_that_the_day_is_used_up(portal: Portal, ben: Person, mia: Dashboard) -> None:
    portal.call(ben, 600)
    with door.enter(portal.agency):
        limits.choose(client_id=ben.client.pk, limits=Limits(seconds_a_day=600))
    assert "do not start today" in text_of(mia.get(f"clients/{ben.client.pk}/"))
    assert "That is all for today" in ben.sees("/calls/start/")
    assert "That is all for today" in ben.sees("/")


def test_as_many_calls_as_may_run_leave_the_next_one_waiting(portal: Portal, ben: Person) -> None:
    portal.running_call(ben)
    with door.enter(portal.agency):
        limits.choose(client_id=ben.client.pk, limits=Limits(calls_at_once=1))
    assert "All lines are in use" in ben.sees("/calls/start/")


def test_the_owner_alone_allows_real_calls_in_test_mode(
    portal: Portal, ben: Person, ada: Dashboard, mia: Dashboard
) -> None:
    assert "Real calls on test credits" not in text_of(ada.get("payments/"))
    StripeConnection.objects.create(agency=portal.agency, livemode=False)
    assert "Real calls on test credits" in text_of(ada.get("payments/"))
    assert "Calls are not switched on yet" in ben.sees("/calls/start/")
    assert mia.post("payments/test-calls/", minutes="10").status_code == 403
    ada.post("payments/test-calls/", minutes="6001")
    ada.post("payments/test-calls/", minutes="10")
    with door.enter(portal.agency):
        assert (found := rehearsals.allowed()) is not None
        assert found.left == 600
        assert Wallet.objects.get(pk=ben.client.pk).available == 6000
    (entry,) = AuditEntry.objects.filter(what="test_calls.allowed")
    assert entry.after["test_call_seconds"] == 600
    assert "Number to call" in ben.sees("/calls/start/")
