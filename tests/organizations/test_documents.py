"""A client's documents: taken within limits, read once, removed without a trace."""

from uuid import UUID

import pytest

from agencies.models import Agency
from follow_ups.models import FollowUp
from organizations import documents, knowledge
from organizations.document_texts import CannotRead, Why
from organizations.documents import CannotAdd
from organizations.models import Document, Organization
from tests.support import hms_says, pdfs
from tests.support.hms_says import Hms

pytestmark = pytest.mark.django_db
State = Document.State


@pytest.fixture
def ben(connected_acme: Agency, says: Hms) -> Organization:
    return hms_says.ready(says)


def add(organization: Organization, name: str = "Hours.txt", content: bytes = b"Open on Sunday.") -> Document:
    return documents.add(
        organization_id=organization.pk, name=name, content=content, language="english", added_by="ada@acme.test"
    )


def added(organization: Organization, name: str = "Hours.txt", content: bytes = b"Open on Sunday.") -> Document:
    made = add(organization, name, content)
    documents.read(made.pk)
    made.refresh_from_db()
    return made


def refusal(organization: Organization, name: str = "Hours.txt", content: bytes = b"Open on Sunday.") -> str:
    with pytest.raises((CannotAdd, CannotRead)) as refused:
        add(organization, name, content)
    return str(refused.value)


def test_a_document_waits_with_its_file_and_is_read_into_pieces(ben: Organization) -> None:
    made = add(ben, "C:\\papers\\Hours.md", b"# Hours\nOpen on Sunday.\n# Prices\nBread 3 euro.")
    assert (made.name, made.kind, made.state) == ("Hours.md", "markdown", State.WAITING)
    assert FollowUp.objects.filter(kind=documents.KIND, subject=str(ben.pk)).exists()
    assert list(documents.waiting()) == [made]
    documents.read(made.pk)
    made.refresh_from_db()
    assert (made.state, made.source) == (State.READY, None)
    assert list(made.pieces.order_by("position").values_list("section", flat=True)) == ["Hours", "Prices"]
    (shown,) = documents.listed(ben.pk)
    assert (shown.row, shown.pieces, shown.problem) == (made, 2, "")


def test_a_clients_documents_are_read_one_after_the_other(ben: Organization, says: Hms) -> None:
    first, second, other = add(ben, "1.txt"), add(ben, "2.txt"), add(hms_says.ready(says, name="Bob"))
    assert documents.read_next(ben.pk)
    assert set(documents.waiting()) == {second, other}
    assert not documents.read_next(ben.pk)
    assert set(documents.waiting()) == {other}
    assert not documents.read_next(ben.pk)
    first.refresh_from_db()
    assert first.state == State.READY


def test_reading_twice_changes_nothing(ben: Organization) -> None:
    made = added(ben)
    documents.read(made.pk)
    assert made.pieces.count() == 1


def test_what_cannot_be_read_says_why_and_lets_the_file_go(ben: Organization) -> None:
    made = added(ben, "Scan.pdf", pdfs.pdf(""))
    assert (made.state, made.source, made.problem) == (State.UNREADABLE, None, Why.SCANNED)
    (shown,) = documents.listed(ben.pk)
    assert "OCR" in shown.problem


def test_what_surely_cannot_be_read_is_not_even_taken(ben: Organization) -> None:
    assert "Markdown" in refusal(ben, "Hours.docx")
    assert "UTF-8" in refusal(ben, content=b"\xff\xfe")
    assert not Document.objects.exists()


def test_a_name_stands_once(ben: Organization, says: Hms) -> None:
    add(ben)
    assert "already" in refusal(ben, "  Hours.txt ")
    assert "name" in refusal(ben, "x" * 130 + ".txt")
    assert "name" in refusal(ben, "  ")
    add(hms_says.ready(says, name="Bob"))


def test_there_are_limits_in_number_and_size(ben: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_DOCUMENTS", 2)
    monkeypatch.setattr(documents, "MOST_BYTES_TOGETHER", 20)
    add(ben, "a.txt", b"1234567890")
    assert "together" in refusal(ben, "b.txt", b"12345678901")
    add(ben, "b.txt", b"1234567890")
    assert "already" in refusal(ben, "c.txt", b"1")


def test_what_finds_no_room_for_its_pieces_is_kept_as_unreadable(
    ben: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MOST_PIECES_TOGETHER", 3)
    added(ben, "a.md", b"# A\nx\n# B\ny")
    made = added(ben, "b.md", b"# A\nx\n# B\ny")
    assert (made.state, made.problem, made.pieces.count()) == (State.UNREADABLE, Why.NO_ROOM, 0)


def test_removed_is_removed_with_its_pieces_and_found_no_more(ben: Organization) -> None:
    made, other = added(ben), added(ben, "Other.txt", b"Open on Monday.")
    assert {each.document for each in knowledge.search(ben.pk, "When open?")} == {"Hours.txt", "Other.txt"}
    assert documents.remove(organization_id=ben.pk, document_id=made.pk) == "Hours.txt"
    assert [each.document for each in knowledge.search(ben.pk, "When open?")] == ["Other.txt"]
    assert set(Document.objects.values_list("whole_id", flat=True)) == {None, other.pk}


def test_removed_while_it_waits_it_is_not_read(ben: Organization) -> None:
    made = add(ben)
    documents.remove(organization_id=ben.pk, document_id=made.pk)
    documents.read(made.pk)
    assert not Document.objects.exists()


def test_a_piece_is_no_document_and_nobody_elses_is_removed(ben: Organization, says: Hms) -> None:
    made = added(ben)
    bob = hms_says.ready(says, name="Bob")
    piece = UUID(str(made.pieces.values_list("pk", flat=True).get()))
    for organization, document_id in ((bob, made.pk), (ben, piece)):
        with pytest.raises(Document.DoesNotExist):
            documents.remove(organization_id=organization.pk, document_id=document_id)
    assert Document.objects.count() == 2


def test_the_language_of_the_latest_document_is_offered_for_the_next(ben: Organization) -> None:
    assert documents.usual_language(ben.pk) == "english"
    documents.add(organization_id=ben.pk, name="a.txt", content=b"a", language="dutch", added_by="")
    assert documents.usual_language(ben.pk) == "dutch"


def test_an_organization_takes_its_documents_along(ben: Organization) -> None:
    added(ben)
    ben.delete()
    assert not Document.objects.exists()
