"""The agency looks after a client's documents, and says which assistants may look things up."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from hms_client import Assistant
from organizations import documents
from organizations.models import Document
from tenancy import door
from tests.portal.dashboard.organization.conftest import Inside
from tests.support import pdfs
from tests.support.portal import text_of

pytestmark = pytest.mark.django_db
PAGE = "knowledge/"


def file(name: str = "Prices.md", content: bytes = b"# Delivery\nDelivery costs 5 euro.") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def add(inside: Inside, name: str = "Prices.md", content: bytes = b"# Delivery\nDelivery costs 5 euro.") -> Any:
    answer = inside.post(PAGE, file=file(name, content), language="english")
    with door.enter(inside.acme):
        documents.read_next(inside.organization.pk)
    return answer


def document(inside: Inside) -> Document:
    with door.enter(inside.acme):
        return documents.of(inside.organization.pk).get()


def assistant(inside: Inside) -> Assistant:
    return inside.hms.assistants.list()[0]


def tools(inside: Inside) -> list[Any]:
    return [dict(each) for each in (assistant(inside).llm_config or {}).get("tools") or ()]


def test_the_page_says_what_documents_are_for(inside: Inside) -> None:
    page = inside.sees(PAGE)
    assert "No document yet" in page
    assert "Offer to this assistant" in page


def test_a_document_is_added_read_and_listed(inside: Inside) -> None:
    answer = inside.post(PAGE, file=file(), language="dutch")
    assert answer.status_code == 302
    page = inside.get(PAGE)
    assert "Prices.md Markdown · 33" in text_of(page)
    assert "Being read" in text_of(page)
    assert "hx-trigger" in page.content.decode()
    with door.enter(inside.acme):
        documents.read_next(inside.organization.pk)
    page = inside.get(PAGE)
    assert "1 piece · Dutch" in text_of(page)
    assert "every 3s" not in page.content.decode()
    assert document(inside).added_by == "ada@acme.test"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("Prices.docx", b"PK", "Only text (.txt), Markdown (.md) and PDF (.pdf)"),
        ("Prices.txt", b"", "There is no text in this file."),
        ("Prices.txt", b"\xff", "This is not UTF-8 text."),
        ("Prices.txt", b"x" * 5_000_001, "This file is larger than 5 MB."),
        ("Prices.pdf", b"<html>", "but is no PDF"),
    ],
)
def test_what_cannot_be_taken_is_said_beside_the_field(inside: Inside, name: str, content: bytes, words: str) -> None:
    answer = inside.post(PAGE, file=file(name, content), language="english")
    assert answer.status_code == 200
    assert words in str(answer.context["form"].errors["file"])
    assert "Choose a file." in text_of(inside.post(PAGE, language="english"))


def test_what_cannot_be_read_is_said_beside_the_document(inside: Inside) -> None:
    add(inside, "Scan.pdf", pdfs.pdf(""))
    page = inside.sees(PAGE)
    assert "Cannot be read" in page
    assert "Run text recognition (OCR)" in page


def test_a_document_is_removed(inside: Inside) -> None:
    add(inside)
    answer = inside.post(f"{PAGE}{document(inside).pk}/remove/")
    assert answer.status_code == 302
    assert "“Prices.md” is removed." in inside.sees(PAGE)
    with door.enter(inside.acme):
        assert not Document.objects.exists()


def test_another_clients_document_is_not_there(inside: Inside) -> None:
    add(inside)
    neighbour = inside.neighbour()
    assert neighbour.post(f"{PAGE}{document(inside).pk}/remove/").status_code == 404
    assert "Prices.md" not in neighbour.sees(PAGE)
    assert "Nothing found" in text_of(neighbour.post(f"{PAGE}try/", **{"try-question": "delivery"}))
    assert document(inside)


def test_trying_shows_what_an_assistant_hears_to_the_letter(inside: Inside) -> None:
    add(inside)
    answer = inside.post(f"{PAGE}try/", **{"try-question": "What does delivery cost?"})
    assert answer.context["heard"] == {
        "found": [{"document": "Prices.md", "section": "Delivery", "text": "Delivery costs 5 euro."}]
    }
    assert "&quot;text&quot;: &quot;Delivery costs 5 euro.&quot;" in answer.content.decode()
    assert "do not guess" in text_of(inside.post(f"{PAGE}try/", **{"try-question": "parking"}))
    assert "Write a question." in text_of(inside.post(f"{PAGE}try/"))


def test_whoever_may_only_look_may_try_and_change_nothing(inside: Inside, vic: Any) -> None:
    add(inside)
    page = text_of(inside.get(PAGE, vic))
    assert "Add a document" not in page
    assert "Remove" not in page
    assert "Offer to this assistant" not in page
    assert inside.post(f"{PAGE}try/", vic, **{"try-question": "delivery"}).status_code == 200
    assert inside.post(PAGE, vic, file=file("b.txt"), language="english").status_code == 403
    assert inside.post(f"{PAGE}{document(inside).pk}/remove/", vic).status_code == 403
    assert inside.post(f"{PAGE}assistants/{assistant(inside).id}/offer/", vic).status_code == 403


def test_offering_adds_the_tool_and_leaves_all_others(inside: Inside, first: str) -> None:
    other = {"type": "function", "function": {"name": "book"}}
    inside.hms.assistants.update(first, llm_config={"provider": "openai", "model": "gpt-4o", "tools": [other]})
    assert inside.post(f"{PAGE}assistants/{first}/offer/").status_code == 302
    there, ours = tools(inside)
    assert there == other
    assert ours["function"]["name"] == "search_knowledge"
    assert list(ours["function"]["parameters"]["required"]) == ["question"]
    assert (assistant(inside).llm_config or {})["model"] == "gpt-4o"
    assert "Offered" in inside.sees(PAGE)
    inside.post(f"{PAGE}assistants/{first}/offer/")
    assert len(tools(inside)) == 2
    inside.post(f"{PAGE}assistants/{first}/withdraw/")
    assert tools(inside) == [other]
    assert "Offer to this assistant" in inside.sees(PAGE)


def test_taking_away_what_is_not_offered_changes_nothing(inside: Inside, first: str) -> None:
    before = assistant(inside).updated_at
    inside.post(f"{PAGE}assistants/{first}/withdraw/")
    assert assistant(inside).updated_at == before


def test_an_assistant_that_reports_elsewhere_is_connected_first(inside: Inside, first: str) -> None:
    inside.hms.assistants.update(first, webhook_url="https://crm.example.com/hms")
    page = inside.sees(PAGE)
    assert "It does not report here. Connect it first." in page
    assert "Offer to this assistant" not in page
    assert "Connect it first" in text_of(inside.post(f"{PAGE}assistants/{first}/offer/"))
    assert tools(inside) == []


def test_an_assistant_that_is_not_there_is_a_page_that_does_not_exist(inside: Inside) -> None:
    assert inside.post(f"{PAGE}assistants/nobody/offer/").status_code == 404


def test_what_hms_refuses_is_shown_on_the_page(inside: Inside, first: str) -> None:
    inside.trouble("500", "PATCH", "assistants/")
    answer = inside.post(f"{PAGE}assistants/{first}/offer/")
    assert answer.status_code == 200
    assert answer.context["refusal"].sentence in text_of(answer)


def test_documents_are_shown_while_hms_is_away(inside: Inside) -> None:
    add(inside)
    inside.trouble("500", "GET", "assistants")
    answer = inside.get(PAGE)
    assert "Prices.md" in text_of(answer)
    assert answer.context["away"]
