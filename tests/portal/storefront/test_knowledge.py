"""A client looks after its own documents, and sees what its assistants hear."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from organizations import documents
from organizations.models import Document, Organization
from tenancy import door
from tests.support.portal import Person, Portal, text_of

pytestmark = pytest.mark.django_db
PAGE = "/knowledge/"


@pytest.fixture
def ben(portal: Portal) -> Person:
    return portal.person()


def add(portal: Portal, person: Person, name: str = "Hours.txt", content: bytes = b"We open at nine.") -> Any:
    answer = person.post(PAGE, {"file": SimpleUploadedFile(name, content), "language": "english"})
    with door.enter(portal.agency):
        documents.read_next(Organization.objects.get(client=person.client).pk)
    return answer


def only(portal: Portal) -> Document:
    with door.enter(portal.agency):
        return Document.objects.get(whole=None)


def test_a_client_adds_a_document_and_hears_what_is_found(portal: Portal, ben: Person) -> None:
    assert "No document yet" in ben.sees(PAGE)
    assert add(portal, ben).status_code == 302
    page = ben.sees(PAGE)
    assert "“Hours.txt” is added, and read in a moment." in page
    assert "Text · 16" in page
    assert only(portal).added_by == "ben@client.test"
    assert "We open at nine." in text_of(ben.post(f"{PAGE}try/", {"try-question": "When do you open?"}))


def test_no_page_of_a_client_names_who_is_behind_the_portal(portal: Portal, ben: Person) -> None:
    add(portal, ben)
    page = ben.sees(PAGE)
    assert "HMS" not in page
    assert "decides which assistants may search these documents" in page


def test_a_refusal_stands_beside_the_file(ben: Person, portal: Portal) -> None:
    answer = add(portal, ben, "Hours.docx")
    assert "Only text" in str(answer.context["form"].errors["file"])


def test_a_client_removes_its_own_document_and_nobody_elses(portal: Portal, ben: Person) -> None:
    add(portal, ben)
    address = f"{PAGE}{only(portal).pk}/remove/"
    bob = portal.person("bob")
    assert bob.post(address).status_code == 404
    assert "Hours.txt" not in bob.sees(PAGE)
    assert "Nothing found" in text_of(bob.post(f"{PAGE}try/", {"try-question": "When do you open?"}))
    assert ben.post(address).status_code == 302
    assert "No document yet" in ben.sees(PAGE)


def test_documents_can_be_added_before_the_calls_are_set_up(portal: Portal) -> None:
    early = portal.person("eve", is_ready=False)
    assert add(portal, early).status_code == 302
    assert "Hours.txt" in early.sees(PAGE)


def test_the_way_there_leads_from_the_assistants(ben: Person) -> None:
    assert 'href="/knowledge/"' in ben.get("/assistants/").content.decode()
