"""Calls of all clients on the dashboard: chosen, as a file, each with its receipt."""

import csv
import io
from ipaddress import ip_network
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client as Visitor

from organizations.models import Organization
from people.models import User
from tenancy import door
from tests.support import endpoint as endpoints
from tests.support import hms_says
from tests.support import portal as portals
from tests.support.portal import Portal, text_of

pytestmark = pytest.mark.django_db
says = hms_says.says
portal = portals.portal


@pytest.fixture
def ada(portal: Portal) -> Visitor:
    visitor = Visitor(HTTP_HOST="portal.localhost")
    visitor.force_login(User.objects.get(email="ada@acme.test"))
    return visitor


def lines(answer: Any) -> int:
    return int(answer.content.count(b'class="ui-line is-link"'))


def test_calls_are_found_by_the_name_of_their_client(portal: Portal, ada: Visitor) -> None:
    portal.call(portal.person("ben", credit=600), 60)
    portal.call(portal.person("bob", credit=600), 60)
    assert lines(ada.get("/agencies/acme/calls/")) == 2
    assert lines(ada.get("/agencies/acme/calls/?search=BOB@client")) == 1
    assert "No call fits this choice" in text_of(ada.get("/agencies/acme/calls/?search=nobody"))


def test_a_call_has_a_receipt_and_leads_to_its_client(portal: Portal, ada: Visitor) -> None:
    ben = portal.person(credit=6000)
    call = portal.call(ben, 204)
    assert f"/agencies/acme/calls/{call.pk}/".encode() in ada.get("/agencies/acme/calls/").content
    page = ada.get(f"/agencies/acme/calls/{call.pk}/")
    assert "Talked 3 min 24 s Billed (per second) 3 min 24 s Credits −3.40" in text_of(page)
    assert "Balance after 96.60" in text_of(page)
    assert f"/agencies/acme/clients/{ben.client.pk}/".encode() in page.content


def test_the_file_names_the_client(portal: Portal, ada: Visitor) -> None:
    portal.call(portal.person(credit=600), 60)
    body = ada.get("/agencies/acme/calls/csv/").getvalue().decode()
    (row,) = csv.DictReader(io.StringIO(body))
    assert (row["client"], row["email"], row["seconds_billed"]) == ("Ben", "ben@client.test", "60")


def test_what_was_said_is_shown_to_the_agency_as_to_its_client(portal: Portal, ada: Visitor) -> None:
    ben = portal.person(credit=600)
    call = portal.call(ben, 60)
    with door.enter(portal.agency):
        org = portal.says.of(Organization.objects.get(client=ben.client))
    org.ends(60, id=call.hms_id, agent_id=org.assistants[0]["id"], summary="Somebody called.")
    page = ada.get(f"/agencies/acme/calls/{call.pk}/said/")
    assert "Somebody called." in text_of(page)
    org.assistants[0]["gdpr_mode"] = True
    cache.clear()
    assert "This call is private" in text_of(ada.get(f"/agencies/acme/calls/{call.pk}/said/"))


def test_a_recording_passes_through_the_dashboard(portal: Portal, ada: Visitor, settings: Any) -> None:
    settings.OUTSIDE_NETWORKS = [ip_network("127.0.0.0/8")]
    ben = portal.person(credit=600)
    call = portal.call(ben, 60)
    with door.enter(portal.agency):
        org = portal.says.of(Organization.objects.get(client=ben.client))
    with endpoints.listening() as store:
        store.says(b"sound")
        org.ends(60, id=call.hms_id, recording_url=store.url)
        answer = ada.get(f"/agencies/acme/calls/{call.pk}/recording/")
        assert answer.getvalue() == b"sound"
