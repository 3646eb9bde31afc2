"""The page *Leaving*, and the same for one client: who may have an archive made, fetch it, close and erase."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from agencies.models import Agency
from audit.models import AuditEntry
from clients.models import Client
from follow_ups.models import FollowUp
from leaving import archive, exports
from leaving.models import Export
from portal.jobs import KINDS
from tenancy import door
from tests.portal.dashboard.conftest import Dashboard
from tests.support.portal import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def exports_root(tmp_path: Path, settings: Any) -> None:
    settings.EXPORTS_ROOT = str(tmp_path)


def work(agency: Agency, client_id: Any = None) -> Export:
    export = exports.latest(agency.pk, client_id)
    assert export is not None
    with door.enter(agency):
        KINDS[exports.KIND](str(export.pk))
    return export


def test_an_owner_has_the_archive_made_and_fetches_it(ada: Dashboard, acme: Agency) -> None:
    assert "Make the archive" in text_of(ada.get("leaving/"))
    assert ada.post("leaving/export/").status_code == 302
    waiting = ada.get("leaving/")
    assert "being made" in text_of(waiting)
    assert 'hx-trigger="every 2s"' in waiting.content.decode()
    export = work(acme)
    page = text_of(ada.get("leaving/state/"))
    assert "The archive is ready" in page
    assert "Download" in page
    answer = ada.post(f"leaving/export/{export.pk}/")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="acme-')
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.getvalue()[:2] == b"PK"
    assert list(AuditEntry.objects.order_by("number").values_list("what", flat=True)) == [
        "export.everything",
        "export.fetched",
    ]


def test_nobody_but_an_owner_makes_or_fetches_it(mia: Dashboard, vic: Dashboard, ada: Dashboard, acme: Agency) -> None:
    ada.post("leaving/export/")
    export = work(acme)
    for other in (mia, vic):
        assert other.post("leaving/export/").status_code == 403
        assert other.post(f"leaving/export/{export.pk}/").status_code == 403
        page = text_of(other.get("leaving/"))
        assert "An owner can download it" in page
        assert "Make a new one" not in page


def test_an_id_alone_opens_nothing(ada: Dashboard, gus: Dashboard, acme: Agency) -> None:
    ada.post("leaving/export/")
    export = work(acme)
    assert gus.post(f"leaving/export/{export.pk}/").status_code == 404
    assert ada.post(f"leaving/export/{uuid4()}/").status_code == 404
    assert ada.get(f"leaving/export/{export.pk}/").status_code == 405


def test_a_file_that_was_lost_is_made_again_on_a_press(ada: Dashboard, acme: Agency) -> None:
    ada.post("leaving/export/")
    archive.remove(work(acme).pk)
    page = text_of(ada.get("leaving/"))
    assert "The last archive is deleted" in page
    assert "Make the archive" in page
    ada.post("leaving/export/")
    work(acme)
    assert "The archive is ready" in text_of(ada.get("leaving/"))


def test_an_archive_that_is_not_whole_is_not_there(ada: Dashboard, acme: Agency) -> None:
    ada.post("leaving/export/")
    export = exports.latest(acme.pk)
    assert export is not None
    assert ada.post(f"leaving/export/{export.pk}/").status_code == 404


def test_closing_says_what_happens_and_asks_for_the_slug(ada: Dashboard, acme: Agency) -> None:
    page = text_of(ada.get("leaving/"))
    for said in ("At once: the portal is off", "For 30 days: you can take it back", "everything is erased"):
        assert said in page
    refused = ada.post("leaving/close/", slug="globex")
    assert refused.status_code == 200
    assert "This is not acme. Nothing was closed." in text_of(refused)
    assert 'value="globex"' in refused.content.decode()
    assert ada.post("leaving/close/", slug="").status_code == 200
    acme.refresh_from_db()
    assert acme.closes_at is None
    assert not AuditEntry.objects.exists()


def test_an_owner_closes_and_takes_it_back(ada: Dashboard, acme: Agency) -> None:
    assert ada.post("leaving/close/", slug="acme").status_code == 302
    acme.refresh_from_db()
    assert acme.closes_at
    assert "This agency is closed, and erased on" in text_of(ada.get("clients/"))
    assert "Closed: everything is erased on" in text_of(ada.get("leaving/"))
    refused = ada.post("set-up/switch/", portal="on")
    assert refused.headers["Location"] == "/agencies/acme/leaving/"
    assert "Take that back first" in text_of(ada.get("leaving/"))
    assert ada.post("leaving/keep/").status_code == 302
    page = text_of(ada.get("leaving/"))
    assert "Your agency stays" in page
    assert "Close this agency" in page
    assert list(AuditEntry.objects.order_by("number").values_list("what", flat=True)) == [
        "agency.closed",
        "agency.kept",
    ]


def test_nobody_but_an_owner_closes_or_keeps(mia: Dashboard, vic: Dashboard, acme: Agency) -> None:
    for other in (mia, vic):
        assert other.post("leaving/close/", slug="acme").status_code == 403
        assert other.post("leaving/keep/").status_code == 403
        assert "An owner can close the agency" in text_of(other.get("leaving/"))


@pytest.fixture
def ben(acme: Agency) -> Client:
    with door.enter(acme):
        return Client.objects.create(name="Ben", email="ben@client.test")


def test_an_owner_gives_a_client_what_is_kept_of_it(ada: Dashboard, mia: Dashboard, acme: Agency, ben: Client) -> None:
    here = f"clients/{ben.pk}/leaving/"
    assert "Everything of this client" in text_of(ada.get(here))
    assert mia.post(f"{here}export/").status_code == 403
    assert ada.post(f"{here}export/").headers["Location"] == f"/agencies/acme/{here}"
    export = work(acme, ben.pk)
    assert "Give it to the client alone" in text_of(ada.get(f"{here}state/"))
    assert ada.post(f"{here}export/{export.pk}/").getvalue()[:2] == b"PK"
    assert ada.post(f"{here}export/{uuid4()}/").status_code == 404
    assert mia.post(f"{here}export/{export.pk}/").status_code == 403
    assert "Take everything with you" in text_of(ada.get("leaving/"))


def test_an_owner_erases_a_client_by_typing_its_address(
    ada: Dashboard, mia: Dashboard, acme: Agency, ben: Client
) -> None:
    here = f"clients/{ben.pk}/leaving/"
    assert mia.post(f"{here}erase/", email=ben.email).status_code == 403
    assert "This is not ben@client.test" in text_of(ada.post(f"{here}erase/", email="x"))
    assert not AuditEntry.objects.exists()
    assert ada.post(f"{here}erase/", email="ben@client.test").status_code == 302
    assert "About to be erased" in text_of(ada.get(here))
    with door.enter(acme):
        KINDS["erase_client"](FollowUp.objects.get(kind="erase_client").subject)
    FollowUp.objects.filter(kind="erase_client").delete()
    page = text_of(ada.get(here))
    assert "This client is erased" in page
    assert "ben@client.test" not in page
    assert "Nobody is behind this client any more" in text_of(ada.get(f"clients/{ben.pk}/"))
    ada.post(f"clients/{ben.pk}/reactivate/")
    with door.enter(acme):
        assert Client.objects.get(pk=ben.pk).state == Client.State.SUSPENDED
    assert AuditEntry.objects.get().what == "client.erased"
