"""What was said in a call, as its client finds it on the page: live, private, not yet, away."""

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.utils import timezone

from calls.models import Call
from organizations.models import Organization
from tenancy import door
from tests.support import endpoint as endpoints
from tests.support.endpoint import Endpoint
from tests.support.hms_says import Org
from tests.support.portal import HTMX, Person, Portal, text_of

pytestmark = pytest.mark.django_db
SAID = {
    "messages": [{"role": "assistant", "content": "Hello <b>you</b>"}],
    "summary": "Somebody called.",
    "recording_url": "http://127.0.0.1/r/1.wav",
}


@pytest.fixture
def ben(portal: Portal) -> Person:
    return portal.person(credit=6000)


@pytest.fixture
def org(portal: Portal, ben: Person) -> Org:
    with door.enter(portal.agency):
        return portal.says.of(Organization.objects.get(client=ben.client))


@pytest.fixture
def call(portal: Portal, ben: Person, org: Org) -> Call:
    made = portal.call(ben, 60)
    org.ends(60, id=made.hms_id, agent_id=org.assistants[0]["id"], **SAID)
    return made


def test_the_receipt_comes_first_and_asks_for_the_rest(ben: Person, call: Call) -> None:
    page = ben.get(f"/calls/{call.pk}/")
    assert f'hx-get="/calls/{call.pk}/said/"'.encode() in page.content
    assert b"Somebody called" not in page.content


def test_the_conversation_is_a_page_of_its_own_without_scripts(ben: Person, call: Call) -> None:
    page = ben.get(f"/calls/{call.pk}/said/")
    assert "Hello &lt;b&gt;you&lt;/b&gt;" in page.content.decode()
    assert "Somebody called." in text_of(page)
    assert f'src="/calls/{call.pk}/recording/"'.encode() in page.content
    assert b"127.0.0.1/r/" not in page.content
    assert page.headers["Cache-Control"] == "no-store"
    assert b"<html" not in ben.get(f"/calls/{call.pk}/said/", headers=HTMX).content


def test_a_private_assistant_shows_nothing_and_gives_no_recording(ben: Person, call: Call, org: Org) -> None:
    org.assistants[0]["gdpr_mode"] = True
    page = ben.sees(f"/calls/{call.pk}/said/")
    assert "This call is private" in page
    assert "Somebody called" not in page
    assert "+31612345678" not in page
    assert ben.get(f"/calls/{call.pk}/recording/").status_code == 404


def test_soon_after_a_call_the_page_waits_for_the_conversation(portal: Portal, ben: Person, org: Org) -> None:
    fresh = portal.call(ben, 60)
    old = portal.call(ben, 60, ended_at=timezone.now() - timedelta(hours=1))
    for made in (fresh, old):
        org.ends(60, id=made.hms_id)
    assert "is being written down" in ben.sees(f"/calls/{fresh.pk}/said/")
    assert "Nothing is kept of this conversation" in ben.sees(f"/calls/{old.pk}/said/")


def test_a_provider_that_is_away_is_told_without_its_name(portal: Portal, ben: Person, call: Call) -> None:
    for _retry in range(2):
        portal.says.refuses("GET /calls/", 503)
    page = ben.sees(f"/calls/{call.pk}/said/")
    assert "cannot be shown right now" in page
    assert "HMS" not in page


@pytest.fixture
def store(call: Call, org: Org, settings: Any) -> Iterator[Endpoint]:
    """Where the call's recording lies."""
    settings.OUTSIDE_NETWORKS = [ip_network("127.0.0.0/8")]
    with endpoints.listening() as found:
        there = SAID | {"recording_url": f"{found.url}/1.wav"}
        org.ends(60, id=call.hms_id, agent_id=org.assistants[0]["id"], **there)
        yield found


def test_the_recording_is_passed_on_whole_and_in_parts(ben: Person, call: Call, store: Endpoint) -> None:
    store.says(b"R" * 400, headers="Content-Type: audio/wav\r\n")
    whole = ben.get(f"/calls/{call.pk}/recording/", headers={"Accept-Encoding": "gzip"})
    assert (whole.status_code, whole.getvalue()) == (200, b"R" * 400)
    assert (whole.headers["Content-Type"], whole.headers["Content-Length"]) == ("audio/wav", "400")
    assert (whole.headers["Cache-Control"], whole.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert "media-src 'self'" in whole.headers["Content-Security-Policy"]
    store.says(b"RIFF", "206 Partial Content", "Content-Range: bytes 0-3/400\r\n")
    part = ben.get(f"/calls/{call.pk}/recording/", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.headers["Content-Range"], part.getvalue()) == (206, "bytes 0-3/400", b"RIFF")
    assert store.requests[-1].headers["range"] == "bytes=0-3"


def test_a_recording_that_cannot_be_fetched_is_said(ben: Person, call: Call, store: Endpoint) -> None:
    store.says(b"", "403 Forbidden")
    assert ben.get(f"/calls/{call.pk}/recording/").status_code == 502


def test_what_was_said_is_nobody_elses(portal: Portal, call: Call) -> None:
    bob = portal.person("bob")
    for part in ("said", "recording"):
        assert bob.get(f"/calls/{call.pk}/{part}/").status_code == 404
