"""Reads the text of a PDF in a process of its own, so that whatever a hostile file does, it does to this process alone.

Run as a file, with the bounds as arguments and the PDF on stdin; one JSON object on stdout says the pages, or why not.
Nobody imports it, and it imports nothing of ours.
"""

import json
import resource
import sys
from collections.abc import Iterator
from io import BytesIO
from typing import Any


def bound(*, seconds: int, memory_bytes: int) -> None:
    """Have the system end this process, or refuse it memory, beyond these. It writes no file and leaves no core."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def said(content: bytes, *, most_pages: int, most_characters: int) -> dict[str, Any]:
    """The pages' texts, or why there are none."""
    from pypdf import PdfReader
    from pypdf.errors import PdfReadError

    try:
        reader = PdfReader(BytesIO(content))
        # Many have a password for changing them alone, which the empty one opens for reading.
        if reader.is_encrypted and not reader.decrypt(""):
            return {"why": "encrypted"}
        if len(reader.pages) > most_pages:
            return {"why": "pages"}
        pages: list[str] = []
        for text in _texts(reader):
            most_characters -= len(text)
            if most_characters < 0:
                return {"why": "long"}
            pages.append(text)
    except (MemoryError, RecursionError):
        return {"why": "heavy"}
    except PdfReadError:
        return {"why": "broken"}
    return {"pages": pages} if any(pages) else {"why": "scanned"}


def _texts(reader: Any) -> Iterator[str]:
    for page in reader.pages:
        yield (page.extract_text() or "").strip()


if __name__ == "__main__":
    pages_, characters_, seconds_, memory_ = (int(each) for each in sys.argv[1:])
    bound(seconds=seconds_, memory_bytes=memory_)
    sys.stdout.write(json.dumps(said(sys.stdin.buffer.read(), most_pages=pages_, most_characters=characters_)))
