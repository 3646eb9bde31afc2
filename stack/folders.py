"""Where the stack keeps things: `var/` in the checkout, and a short private folder for sockets.

A socket's path may have 107 bytes, a checkout's path any number; so sockets live in a folder of our own elsewhere.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from pathlib import Path

from stack import terminal

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
LONGEST_SOCKET_PATH = 103
"""The shortest limit among the systems we run on, less its closing zero."""
_PLAIN = re.compile(r"[A-Za-z0-9_./-]+")


def private(path: Path) -> Path:
    """Makes the folder with mode 0700, or proves that it is one of ours that nobody else can enter."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise terminal.Trouble(f"{path} should be a folder of ours with mode 0700 and is not; remove it and try again.")
    return path


def for_sockets(owner: Path) -> Path:
    """A private folder for the sockets of what lives in `owner`: short, without blanks, the same one each time."""
    name = f"portal-{os.getuid()}-{hashlib.sha256(os.fsencode(owner.resolve())).hexdigest()[:12]}"
    for base in _bases():
        path = base / name
        if len(os.fsencode(path)) + len("/.s.PGSQL.5432") <= LONGEST_SOCKET_PATH and _PLAIN.fullmatch(str(path)):
            return private(path)
    raise terminal.Trouble("no folder for sockets has a short enough path; set TMPDIR to one that has.")


def _bases() -> list[Path]:
    """The session's own folder first, then the temporary folder, then /tmp: all exist already, none is changed."""
    session = os.environ.get("XDG_RUNTIME_DIR", "")
    candidates = [Path(session)] if session else []
    candidates += [Path(tempfile.gettempdir()), Path("/tmp")]  # noqa: S108 - what goes in is private() above
    return [base for base in candidates if base.is_absolute() and base.is_dir() and os.access(base, os.W_OK)]
