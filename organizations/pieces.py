"""A document in pieces that are short enough to be answered whole, and long enough to make sense alone. Pure.

Cuts fall between paragraphs where they can, else between lines, sentences or words; no text is lost.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from organizations.document_texts import Section

LONGEST = 800
_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")
_SPACES = re.compile(r"[^\S\n]+")
# Where a long paragraph is cut, the best first.
_CUTS = (re.compile(r"\n"), re.compile(r"(?<=[.!?…:;])\s"), re.compile(r"\s"))


@dataclass(frozen=True, slots=True)
class Piece:
    """A few sentences, and the name of the section they stand in."""

    section: str
    text: str


def cut(sections: Iterable[Section]) -> list[Piece]:
    """The sections' text in order, in pieces of LONGEST characters at most. A piece never spans two sections."""
    return [Piece(section.name, text) for section in sections for text in _gathered(_parts(section.text))]


def _parts(text: str) -> Iterator[str]:
    for paragraph in _PARAGRAPHS.split(text):
        lines = (_SPACES.sub(" ", line).strip() for line in paragraph.split("\n"))
        whole = "\n".join(line for line in lines if line)
        if whole:
            yield from _shortened(whole)


def _shortened(text: str) -> Iterator[str]:
    """The text in parts that are short enough."""
    while len(text) > LONGEST:
        at = _where(text)
        yield text[:at].strip()
        text = text[at:].strip()
    if text:
        yield text


def _where(text: str) -> int:
    """The best place to cut near the end of what is allowed; in the middle of a word if there is no other."""
    for cut in _CUTS:
        found = [match.end() for match in cut.finditer(text, 0, LONGEST) if match.end() > LONGEST // 2]
        if found:
            return found[-1]
    return LONGEST


def _gathered(parts: Iterable[str]) -> Iterator[str]:
    """Short parts together, as many as fit."""
    held = ""
    for part in parts:
        if held and len(held) + 2 + len(part) > LONGEST:
            yield held
            held = ""
        held = f"{held}\n\n{part}" if held else part
    if held:
        yield held
