"""At most one stack per checkout. The kernel holds the lock, so a killed owner frees it; the file tells who it was."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from stack import terminal


@contextlib.contextmanager
def held(path: Path) -> Iterator[int]:
    """Holds the lock; yields the process number of an owner that ended without tidying up, or 0.

    Raises Trouble naming the owner when someone else holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise terminal.Trouble(
                f"it is running already, as process {_owner(path)}: stop it with Ctrl-C there, or with make down."
            ) from error
        before = _owner(path)
        _write(path, str(os.getpid()))
        try:
            yield before
        finally:
            _write(path, "")


def end_owner(path: Path, *, seconds: float = 20) -> bool:
    """Asks the owner to end and waits until it has. False if nobody held the lock; raises Trouble if it stays."""
    if is_free(path):
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(_owner(path), signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while not is_free(path):
        if time.monotonic() > deadline:
            raise terminal.Trouble(f"process {_owner(path)} does not end; end it with kill -9 {_owner(path)}.")
        time.sleep(0.05)
    return True


def of_product(var: Path) -> Path:
    """The lock that a running product holds."""
    return var / "run" / "up.lock"


def is_free(path: Path) -> bool:
    """Whether nobody holds the lock at this moment."""
    if not path.exists():
        return True
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _owner(path: Path) -> int:
    text = path.read_text().strip()
    return int(text) if text.isdigit() else 0


def _write(path: Path, text: str) -> None:
    """In place: another file under this name would be another lock."""
    with path.open("r+") as file:
        file.truncate()
        file.write(text)
