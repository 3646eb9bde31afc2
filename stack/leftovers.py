"""Finds and ends processes that outlived the supervisor that started them, after a SIGKILL say.

They are recognised by what cannot be forged by a reused process number: a marker in the environment they were started
with, or the folder a server works in. Where there is no /proc nothing is found, and a busy port is all one notices.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

MARKER = "PORTAL_STACK"
"""Every child carries this variable; its value is the `var` folder of its checkout."""


def marked(folder: Path) -> list[int]:
    """Processes started by a stack that keeps its files in `folder`, other than ourselves."""
    wanted = f"{MARKER}={folder}".encode()
    return [pid for pid in _pids() if wanted in _read(pid, "environ").split(b"\0")]


def working_in(folder: Path, *, program: str) -> list[int]:
    """Processes of that program whose working directory is `folder`; servers overwrite their environment."""
    return [pid for pid in _pids() if _works_in(pid, folder) and program in _name(pid)]


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and is not yet collected counts as ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return b") Z " not in _read(pid, "stat")


def end(pids: Iterable[int], *, patience_seconds: float = 3, first: signal.Signals = signal.SIGTERM) -> int:
    """Asks the processes to end, then makes them; returns how many there were."""
    found = list(pids)
    for number in (first, signal.SIGKILL):
        for pid in found:
            _signal(pid, number)
        if wait_gone(found, seconds=patience_seconds):
            break
    return len(found)


def wait_gone(pids: Iterable[int], *, seconds: float) -> bool:
    """Waits until none of them is alive; False if some are at the end."""
    deadline = time.monotonic() + seconds
    while any(is_alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _pids() -> Iterator[int]:
    for entry in Path("/proc").glob("[0-9]*"):
        if int(entry.name) != os.getpid():
            yield int(entry.name)


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder.resolve()
    except OSError:
        return False


def _name(pid: int) -> str:
    return _read(pid, "comm").decode(errors="replace").strip()
