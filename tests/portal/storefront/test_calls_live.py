"""Calls that run: seen with their time, and ended by those whose calls they are."""

from typing import Any

import pytest
from django.test import Client as Visitor

from agencies.models import Membership
from calls.models import Call
from organizations.models import Organization
from people.models import User
from tenancy import door
from tests.support.portal import HTMX, Person, Portal, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(portal: Portal) -> Person:
    return portal.person(credit=6000)


@pytest.fixture
def running(portal: Portal, ben: Person) -> Call:
    call = portal.running_call(ben)
    hms_org(portal, ben).has(status="in-progress", id=call.hms_id)
    return call


def hms_org(portal: Portal, person: Person) -> Any:
    with door.enter(portal.agency):
        return portal.says.of(Organization.objects.get(client=person.client))


def team_member(portal: Portal, role: str) -> Visitor:
    user = User.objects.create_user(f"{role}@acme.test")
    Membership.objects.create(agency=portal.agency, user=user, role=role)
    visitor = Visitor(HTTP_HOST="portal.localhost")
    visitor.force_login(user)
    return visitor


def test_a_running_call_stands_above_the_list_and_is_looked_at_again(ben: Person, running: Call) -> None:
    page = ben.get("/calls/")
    assert "Live now" in text_of(page)
    assert "01:0" in text_of(page)
    assert f"/calls/{running.pk}/end/".encode() in page.content
    part = ben.get("/calls/live/", headers=HTMX)
    assert b'hx-trigger="every 2s"' in part.content
    assert ben.get("/calls/live/").headers["Location"] == "/calls/"


def test_without_a_running_call_the_page_looks_rarely(portal: Portal, ben: Person) -> None:
    portal.call(ben)
    part = ben.get("/calls/live/", headers=HTMX).content
    assert b"every 15s" in part
    assert b"hidden" in part


def test_a_call_is_ended_after_a_question(portal: Portal, ben: Person, running: Call) -> None:
    assert "End this call?" in ben.sees(f"/calls/{running.pk}/end/")
    assert hms_org(portal, ben).calls[running.hms_id]["status"] == "in-progress"
    answer = ben.post(f"/calls/{running.pk}/end/")
    assert answer.headers["Location"] == f"/calls/{running.pk}/"
    assert "The call was ended" in ben.sees(f"/calls/{running.pk}/")
    assert hms_org(portal, ben).calls[running.hms_id]["status"] == "ended"


def test_a_call_that_is_over_asks_nothing(portal: Portal, ben: Person) -> None:
    call = portal.call(ben)
    assert ben.get(f"/calls/{call.pk}/end/").headers["Location"] == f"/calls/{call.pk}/"
    assert b"/end/" not in ben.get(f"/calls/{call.pk}/").content
    ben.post(f"/calls/{call.pk}/end/")
    assert "This call is over" in ben.sees("/")


def test_nobody_ends_a_call_of_somebody_else(portal: Portal, ben: Person, running: Call) -> None:
    bob = portal.person("bob")
    assert bob.post(f"/calls/{running.pk}/end/").status_code == 404
    assert hms_org(portal, ben).calls[running.hms_id]["status"] == "in-progress"
    assert "Live now" not in bob.sees("/calls/")


def test_a_manager_sees_all_running_calls_and_ends_one(portal: Portal, ben: Person, running: Call) -> None:
    portal.running_call(portal.person("bob", credit=600))
    mia = team_member(portal, "manager")
    page = text_of(mia.get("/agencies/acme/calls/"))
    assert "Ben · Front desk" in page
    assert "Bob · Front desk" in page
    part = mia.get("/agencies/acme/calls/live/", headers=HTMX)
    assert f"/agencies/acme/calls/{running.pk}/end/".encode() in part.content
    mia.post(f"/agencies/acme/calls/{running.pk}/end/")
    assert hms_org(portal, ben).calls[running.hms_id]["status"] == "ended"


def test_a_viewer_looks_and_ends_nothing(portal: Portal, ben: Person, running: Call) -> None:
    vic = team_member(portal, "viewer")
    assert b"/end/" not in vic.get("/agencies/acme/calls/").content
    assert vic.post(f"/agencies/acme/calls/{running.pk}/end/").status_code == 403
    assert hms_org(portal, ben).calls[running.hms_id]["status"] == "in-progress"
