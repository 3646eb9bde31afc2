"""What can be read, and the sentence for each thing that cannot."""

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from organizations import document_texts
from organizations.document_texts import CannotRead, Section, Why
from tests.support import pdfs


def read(name: str, content: bytes) -> list[Section]:
    return document_texts.sections(document_texts.kind_of(name, content), content)


def why(name: str, content: bytes) -> Why:
    with pytest.raises(CannotRead) as refused:
        read(name, content)
    return refused.value.why


def test_text_is_read_as_it_is() -> None:
    assert read("Hours.TXT", b"\xef\xbb\xbfMon\r\nCaf\xc3\xa9\x07") == [Section("", "Mon\nCafé")]


def test_parts_of_markdown_are_named_after_the_headings_above() -> None:
    text = b"Intro\n# Prices #\nA\n## Bread\nB\n```\n# not a heading\n```\n# Hours\nC"
    named = {each.name: each.text for each in read("a.md", text)}
    assert list(named) == ["", "Prices", "Prices > Bread", "Hours"]
    assert "# not a heading" in named["Prices > Bread"]


def test_parts_of_a_pdf_are_its_pages() -> None:
    first, second = read("a.pdf", pdfs.pdf("Café (open)\nfrom 9", "closed"))
    assert (first.name, second.name) == ("page 1", "page 2")
    assert first.text.split("\n") == ["Café (open)", "from 9"]
    assert second.text == "closed"


def test_a_pdf_that_is_only_locked_against_changes_is_read() -> None:
    assert read("a.pdf", pdfs.locked(pdfs.pdf("open"), "secret", to_read=False))[0].text == "open"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.docx", b"PK", Why.KIND),
        ("README", b"text", Why.KIND),
        ("a.txt", b" \n\t", Why.EMPTY),
        ("a.pdf", b"", Why.EMPTY),
        ("a.txt", b"\xef\xbb\xbf  ", Why.EMPTY),
        ("a.txt", "Café".encode("cp1252"), Why.NOT_UTF8),
        ("a.md", "Café".encode("utf-16"), Why.NOT_UTF8),
        ("a.txt", b"a\x00b", Why.NOT_UTF8),
        ("a.txt", b"x" * (document_texts.MOST_CHARACTERS + 1), Why.LONG),
        ("a.txt", b"x" * (document_texts.MOST_BYTES + 1), Why.TOO_LARGE),
        ("a.pdf", b"<html>", Why.NOT_PDF),
        ("a.pdf", b"%PDF-1.7 and nothing else", Why.BROKEN),
        ("a.pdf", pdfs.pdf("open")[:-200], Why.BROKEN),
        ("a.pdf", pdfs.pdf("", ""), Why.SCANNED),
        ("a.pdf", pdfs.locked(pdfs.pdf("open"), "secret", to_read=True), Why.ENCRYPTED),
        ("a.pdf", pdfs.pdf(*["x"] * (document_texts.MOST_PAGES + 1)), Why.PAGES),
    ],
    ids=lambda value: f"{len(value)} bytes" if isinstance(value, bytes) else str(value),
)
def test_what_cannot_be_read_says_why(name: str, content: bytes, expected: Why) -> None:
    assert why(name, content) is expected


def test_every_reason_has_a_sentence_of_its_own() -> None:
    sentences = {str(each.label) for each in Why}
    assert len(sentences) == len(Why)
    assert all(sentence.endswith(".") for sentence in sentences)


def test_a_pdf_with_more_text_than_allowed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_texts, "MOST_CHARACTERS", 100)
    assert why("a.pdf", pdfs.pdf("x" * 101)) is Why.LONG


def bomb_of_memory() -> bytes:
    """Some kilobytes that unpack to more than the process may have."""
    return pdfs.with_contents([b"q " * 50_000_000])


def bomb_of_time() -> bytes:
    """Sixty pages that draw two million letters each."""
    return pdfs.with_contents([b"BT /F1 12 Tf " + b"(x) Tj " * 2_000_000 + b"ET"] * 60)


def round_in_circles() -> bytes:
    """A tree of pages that is its own child."""
    return pdfs.pdf("x").replace(b"/Kids [4 0 R]", b"/Kids [2 0 R]")


@pytest.mark.parametrize("hostile", [bomb_of_memory, bomb_of_time, round_in_circles])
def test_a_hostile_pdf_ends_its_own_process_and_no_other(
    hostile: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_texts, "_CPU_SECONDS", 3)
    monkeypatch.setattr(document_texts, "_MEMORY_BYTES", 160 * 1024 * 1024)
    content = hostile()
    started = time.monotonic()
    assert why("a.pdf", content) in (Why.HEAVY, Why.BROKEN, Why.LONG)
    assert time.monotonic() - started < 30


def test_the_process_gets_no_more_memory_than_it_may_have() -> None:
    greedy = "import pdf_process as each; each.bound(seconds=5, memory_bytes=10**8); bytearray(10**9)"
    folder = document_texts._PROCESS.parent
    done = subprocess.run([sys.executable, "-c", greedy], cwd=folder, stderr=subprocess.PIPE, check=False)
    assert b"MemoryError" in done.stderr


def test_a_pdf_that_takes_too_long_by_the_clock_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_texts, "_WALL_SECONDS", 0.01)
    assert why("a.pdf", pdfs.pdf("x")) is Why.HEAVY
