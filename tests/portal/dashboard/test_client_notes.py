"""The team's own notes about a client."""

import pytest

from agencies import client_notes
from agencies.arrivals import arrive
from agencies.models import Agency, ClientNote
from audit.models import AuditEntry
from clients.models import Client
from people.models import User
from tenancy import door
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(acme: Agency) -> Client:
    with door.enter(acme):
        return arrive(user=User.objects.create_user("ben@client.test"), name="Ben")


def test_notes_stand_with_who_and_when_the_newest_first(ada, mia, ben: Client) -> None:
    ada.post(f"clients/{ben.pk}/notes/", text="Calls back on Friday\r\n<b>after</b> nine")
    mia.post(f"clients/{ben.pk}/notes/", text="Paid by bank")
    page = ada.get(f"clients/{ben.pk}/notes/").content.decode()
    assert page.index("Paid by bank") < page.index("Calls back on Friday<br>&lt;b&gt;after&lt;/b&gt; nine")
    assert "ada@acme.test" in page
    assert "manager@acme.test" in page
    assert "Paid by bank" in ada.get(f"clients/{ben.pk}/").content.decode()
    assert AuditEntry.objects.filter(what="note.written", subject="Ben").count() == 2


@pytest.mark.parametrize(("text", "sentence"), [("  \n ", "Write something"), ("x" * 2001, "2,000 characters")])
def test_a_note_that_says_nothing_or_too_much_is_explained_and_kept_as_typed(ada, ben, text, sentence) -> None:
    page = ada.post(f"clients/{ben.pk}/notes/", text=text)
    assert sentence in str(page.context["form"].errors["text"])
    assert text.strip() in page.content.decode()
    assert not ClientNote.objects.exists()


def test_exactly_as_many_characters_as_allowed_are_taken(ada, ben: Client) -> None:
    assert ada.post(f"clients/{ben.pk}/notes/", text="x" * 2000).status_code == 302


def test_a_note_that_is_struck_out_stays_readable_in_its_place(ada, mia, ben: Client) -> None:
    ada.post(f"clients/{ben.pk}/notes/", text="Owes us a coffee")
    note = ClientNote.objects.get()
    mia.post(f"clients/{ben.pk}/notes/{note.pk}/strike/")
    ada.post(f"clients/{ben.pk}/notes/{note.pk}/strike/")
    note.refresh_from_db()
    assert note.struck_by["email"] == "manager@acme.test"
    assert "<s>Owes us a coffee</s>" in ada.get(f"clients/{ben.pk}/notes/").content.decode()
    assert "coffee" not in ada.get(f"clients/{ben.pk}/").content.decode()


def test_a_viewer_reads_notes_and_changes_none(ada, vic, ben: Client) -> None:
    ada.post(f"clients/{ben.pk}/notes/", text="Careful")
    note = ClientNote.objects.get()
    page = vic.get(f"clients/{ben.pk}/notes/").content.decode()
    assert "Careful" in page
    assert "<textarea" not in page
    assert "Strike out" not in page
    assert vic.post(f"clients/{ben.pk}/notes/", text="x").status_code == 403
    assert vic.post(f"clients/{ben.pk}/notes/{note.pk}/strike/").status_code == 403


def test_a_note_of_another_client_or_agency_cannot_be_struck_out(ada, gus, acme: Agency, ben: Client) -> None:
    with door.enter(acme):
        other = Client.objects.create(name="Bob", email="bob@client.test")
        note = client_notes.write(client_id=ben.pk, text="Ours", actor={})
    assert ada.post(f"clients/{other.pk}/notes/{note.pk}/strike/").status_code == 404
    assert gus.post(f"clients/{ben.pk}/notes/{note.pk}/strike/").status_code == 404


def test_a_client_sees_no_note_on_any_page(acme: Agency, cast: Cast) -> None:
    from tests.isolation.test_every_url import CLIENT, PORTAL, address, protected

    with door.enter(acme):
        client_id = cast.ids_of_acme["client_id"]
        client_notes.write(client_id=client_id, text="SECRETLY-SLOW-PAYER", actor={})  # type: ignore[arg-type]
    ben = cast.on_portal_of_acme("ben")
    for name, pattern in protected("portal.urls_portal", PORTAL, CLIENT):
        path = address("portal.urls_portal", name, pattern, cast.ids_of_acme | {"slug": "acme"})
        assert b"SECRETLY" not in ben.get(path).getvalue(), path
