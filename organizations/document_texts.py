"""The text of a file: UTF-8 text, Markdown with its headings, PDF with its pages. What cannot be read says why.

A PDF is read in a process with bounds of its own (pdf_process), so that no file takes a worker down.
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from organizations.models import Document

MOST_BYTES = 5_000_000
MOST_PAGES = 500
MOST_CHARACTERS = 1_000_000
# Of the process that reads a PDF: on the processor, by the clock, and in memory.
_CPU_SECONDS = 20
_WALL_SECONDS = 30
_MEMORY_BYTES = 768 * 1024 * 1024
_PROCESS = Path(__file__).with_name("pdf_process.py")

_KINDS = {
    ".txt": Document.Kind.TEXT,
    ".text": Document.Kind.TEXT,
    ".md": Document.Kind.MARKDOWN,
    ".markdown": Document.Kind.MARKDOWN,
    ".pdf": Document.Kind.PDF,
}
_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.+?)\s*#*\s*\Z")
_FENCE = re.compile(r" {0,3}(```|~~~)")
# What PostgreSQL keeps in no text, and what nobody says.
_SILENT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class Why(models.TextChoices):
    """Why a file cannot be taken or read: what is so, and what to do."""

    KIND = (
        "kind",
        gettext_lazy("Only text (.txt), Markdown (.md) and PDF (.pdf) can be read. Save it as one of these."),
    )
    TOO_LARGE = "too_large", gettext_lazy("This file is larger than 5 MB. Split it, or leave out its pictures.")
    EMPTY = "empty", gettext_lazy("There is no text in this file.")
    NOT_UTF8 = "not_utf8", gettext_lazy("This is not UTF-8 text. Save it again with the encoding UTF-8.")
    NOT_PDF = "not_pdf", gettext_lazy("This file ends in .pdf, but is no PDF. Save it as PDF again.")
    ENCRYPTED = (
        "encrypted",
        gettext_lazy("This PDF is locked with a password. Save it without one, and add it again."),
    )
    SCANNED = (
        "scanned",
        gettext_lazy("This PDF holds pictures of pages and no text. Run text recognition (OCR) on it first."),
    )
    BROKEN = "broken", gettext_lazy("This PDF is damaged. Save it as PDF again, or add its text as a .txt file.")
    PAGES = "pages", gettext_lazy("This PDF has more than 500 pages. Split it.")
    LONG = "long", gettext_lazy("This is more text than a document can have, one million characters. Split it.")
    HEAVY = (
        "heavy",
        gettext_lazy("Reading this PDF takes too much time or memory. Save its text as a .txt file, and add that."),
    )
    NO_ROOM = (
        "no_room",
        gettext_lazy("The documents together hold too much text. Remove one that is not needed, and add this again."),
    )


class CannotRead(ValueError):
    """The file cannot be taken or read. The message says why, in words for whoever added it."""

    def __init__(self, why: Why) -> None:
        super().__init__(str(why.label))
        self.why = why


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document with a name of its own: the headings above it, or the page. "" where there is none."""

    name: str
    text: str


def kind_of(name: str, content: bytes) -> Document.Kind:
    """What the file is, judged at a glance. Raises CannotRead for what surely cannot be read."""
    kind = _KINDS.get(Path(name).suffix.lower())
    if kind is None:
        raise CannotRead(Why.KIND)
    if len(content) > MOST_BYTES:
        raise CannotRead(Why.TOO_LARGE)
    if not content.strip():
        raise CannotRead(Why.EMPTY)
    if kind == Document.Kind.PDF:
        # Readers look for it in the first kilobyte.
        if b"%PDF-" not in content[:1024]:
            raise CannotRead(Why.NOT_PDF)
    elif not _decoded(content).strip():
        raise CannotRead(Why.EMPTY)
    return kind


def sections(kind: str, content: bytes) -> list[Section]:
    """The document's text, part by part. Raises CannotRead; for a PDF it may take `_WALL_SECONDS`."""
    if kind == Document.Kind.PDF:
        found = [Section(_("page %d") % number, text) for number, text in enumerate(_pages(content), start=1)]
    elif kind == Document.Kind.MARKDOWN:
        found = _headed(_decoded(content))
    else:
        found = [Section("", _decoded(content))]
    return [Section(each.name, _SILENT.sub("", each.text)) for each in found]


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CannotRead(Why.NOT_UTF8) from None
    # Pictures and programs are UTF-8 by accident.
    if "\x00" in text:
        raise CannotRead(Why.NOT_UTF8)
    if len(text) > MOST_CHARACTERS:
        raise CannotRead(Why.LONG)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _headed(text: str) -> list[Section]:
    """Markdown, cut at its headings; each part is named after the headings above it."""
    above: dict[int, str] = {}
    found: list[tuple[str, list[str]]] = [("", [])]
    is_code = False
    for line in text.split("\n"):
        is_code ^= bool(_FENCE.match(line))
        heading = None if is_code else _HEADING.match(line)
        if heading:
            depth = len(heading[1])
            above = {each: name for each, name in above.items() if each < depth} | {depth: heading[2]}
            found.append((" > ".join(above[each] for each in sorted(above))[:200], []))
        else:
            found[-1][1].append(line)
    return [Section(name, "\n".join(lines)) for name, lines in found]


def _pages(content: bytes) -> list[str]:
    bounds = (MOST_PAGES, MOST_CHARACTERS, _CPU_SECONDS, _MEMORY_BYTES)
    command = [sys.executable, "-I", str(_PROCESS), *(str(each) for each in bounds)]
    try:
        done = subprocess.run(  # noqa: S603 - our own file, and numbers of ours
            command,
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_WALL_SECONDS,
            check=False,
            env={},
            cwd="/",
        )
    except subprocess.TimeoutExpired:
        raise CannotRead(Why.HEAVY) from None
    said = _said(done.stdout) if done.returncode == 0 else {}
    if "pages" in said:
        return [str(page) for page in said["pages"]]
    # A negative number: the system ended it, for what it took.
    nothing = Why.HEAVY if done.returncode < 0 else Why.BROKEN
    raise CannotRead(Why(said["why"]) if said.get("why") in Why.values else nothing)


def _said(output: bytes) -> dict[str, Any]:
    try:
        said = json.loads(output)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
