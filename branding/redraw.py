"""Draws a picture that somebody gave anew, so that nothing of the file itself is ever handed to a visitor.

The file is opened in a process of its own with limits on memory and time (redrawing.py); a file that bursts is refused.
"""

import base64
import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_PROGRAM = Path(__file__).with_name("redrawing.py")
_SECONDS = 20


class Why(StrEnum):
    """Why a file is not drawn."""

    UNKNOWN = "unknown"
    PAGE = "page"
    BROKEN = "broken"
    PIXELS = "pixels"
    TOO_SMALL = "too_small"
    SHAPE = "shape"
    NO_SIZE = "no_size"
    LEADS_OUT = "leads_out"
    ENTITIES = "entities"
    BURST = "burst"


class NotDrawn(ValueError):
    """The file is no picture that can be used; `why` says for what reason."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True)
class Drawn:
    """A PNG of ours with its size, and the same in a square where enough of it is left."""

    png: bytes
    width: int
    height: int
    icon: bytes | None


def redraw(content: bytes) -> Drawn:
    """The picture in `content` (PNG, JPEG, WebP, GIF, ICO or SVG), drawn anew. Raises NotDrawn."""
    # Nothing of our environment or folders goes along.
    command = [sys.executable, "-I", str(_PROGRAM)]
    try:
        done = subprocess.run(  # noqa: S603 - our own program, and the picture is its input alone
            command, input=content, capture_output=True, timeout=_SECONDS, check=False, cwd="/", env={}
        )
        said = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise NotDrawn(Why.BURST) from error
    if "refused" in said:
        raise NotDrawn(Why(said["refused"]))
    icon = base64.b64decode(said["icon"]) if "icon" in said else None
    return Drawn(base64.b64decode(said["png"]), said["width"], said["height"], icon)


def digest(png: bytes) -> str:
    """32 hex digits that are the picture's address."""
    return hashlib.sha256(png).hexdigest()[:32]
