"""The supervisor: starts children, keeps their logs, restarts what crashes, and leaves nothing behind when it ends.

Each child leads a process group of its own, so that Ctrl-C reaches the supervisor alone and a whole group can be ended.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from stack import leftovers, terminal
from stack.services import Answers, Says, Service

PATIENCE_SECONDS = 6.0
RESTARTS, WITHIN_SECONDS = 5, 60.0
_IMPORTANT = re.compile(r"\b(ERROR|CRITICAL|FATAL|PANIC)\b|^Traceback|^[\w.]+(Error|Exception): ")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Someone asked the supervisor to end. Like KeyboardInterrupt it is no error, so nothing may catch it as one."""


class Child:
    """A running process with its log; remembers its last lines and when it ended."""

    def __init__(self, service: Service, *, log: Path) -> None:
        """Not started yet."""
        self.service = service
        self.log = log
        self.tail: deque[str] = deque(maxlen=200)
        self.ended_at: deque[float] = deque(maxlen=RESTARTS + 1)
        self.restart_at: float | None = None
        self.said_ready = threading.Event()
        self.process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def start(self, *, environment: Mapping[str, str], cwd: Path) -> None:
        """Starts the process and the thread that reads its output."""
        self.tail.clear()
        self.said_ready.clear()
        self.process = subprocess.Popen(  # noqa: S603 - the process table's command
            self.service.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=dict(environment),
            cwd=cwd,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()

    def is_ready(self) -> bool:
        """Whether it has shown what its service waits for."""
        probe = self.service.ready
        if isinstance(probe, Answers):
            return _answers(probe)
        return probe is None or self.said_ready.is_set()

    def exit_status(self) -> int | None:
        """None while it runs."""
        return self.process.poll() if self.process else None

    def last_lines(self, count: int = 12) -> str:
        """The end of its output, once all of it is read."""
        self.finish_reading()
        return "\n".join([*list(self.tail)[-count:], f"Everything: {self.log}"])

    def finish_reading(self) -> None:
        """Waits for the rest of the output of a process that has ended."""
        if self._reader is not None:
            self._reader.join(timeout=1)

    def signal_group(self, number: int) -> bool:
        """Sends the signal (0 only asks) to every process of the group; False when there is none left."""
        if self.process is None:
            return False
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def _read(self, process: subprocess.Popen[str]) -> None:
        probe = self.service.ready
        words = probe.words if isinstance(probe, Says) else None
        output: contextlib.AbstractContextManager[Iterable[str]] = process.stdout or contextlib.nullcontext(())
        with self.log.open("a") as log, output as lines:
            for line in lines:
                log.write(line)
                log.flush()
                self.tail.append(line.rstrip())
                if words and words in line:
                    self.said_ready.set()
                if _IMPORTANT.search(line):
                    terminal.say(f"  {self.service.name:>8} | {line.rstrip()}")


class Supervisor:
    """Owns the children. Leaving its context, for whatever reason, ends them all."""

    def __init__(self, *, var: Path, environment: Mapping[str, str], cwd: Path) -> None:
        """`environment` is added to our own; `var` marks the children and holds their logs."""
        self.var = var
        self.cwd = cwd
        self.environment = {**os.environ, **environment, leftovers.MARKER: str(var), "PYTHONUNBUFFERED": "1"}
        self.children: list[Child] = []
        self._signals = 0
        self._leaving = False

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """From here on the first signal raises Stopped, and a second one cuts the farewell short."""
        before = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def __enter__(self) -> Supervisor:
        """Children may be started now."""
        (self.var / "log").mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *exc: object) -> None:
        """Ends every child; a signal no longer interrupts that, it only hurries it."""
        self._leaving = True
        self.stop()

    def run(self, service: Service, *, step: terminal.Step) -> list[str]:
        """Runs a command to its end and returns its output. Raises Trouble when it fails."""
        child = self._start(service)
        while child.exit_status() is None:
            if child.tail:
                step.progress(child.tail[-1])
            time.sleep(0.05)
        self.children.remove(child)
        if child.exit_status() != 0:
            raise terminal.Trouble(f"{service.name} failed.", detail=child.last_lines())
        child.finish_reading()
        return list(child.tail)

    def start(self, services: Sequence[Service], *, seconds: float, step: terminal.Step) -> None:
        """Starts the services and waits until each is ready. Raises Trouble naming the one that is not."""
        waiting = [self._start(service) for service in services]
        deadline = time.monotonic() + seconds
        while waiting:
            step.progress("waiting for " + ", ".join(child.service.name for child in waiting))
            for child in self.children:
                if child.exit_status() is not None:
                    text = f"{child.service.name} ended while starting (exit status {child.exit_status()})."
                    raise terminal.Trouble(text, detail=child.last_lines())
            if time.monotonic() > deadline:
                text = f"{waiting[0].service.name} did not answer within {seconds:.0f} seconds."
                raise terminal.Trouble(text, detail=waiting[0].last_lines())
            waiting = [child for child in waiting if not child.is_ready()]
            time.sleep(0.05)

    def revive(self) -> None:
        """Restarts children that have ended, each time a little later. Raises Trouble when one keeps ending."""
        now = time.monotonic()
        for child in self.children:
            if child.restart_at is not None:
                if now >= child.restart_at:
                    child.restart_at = None
                    child.start(environment=self.environment, cwd=self.cwd)
            elif child.exit_status() is not None:
                self._note_end(child, now)

    def _note_end(self, child: Child, now: float) -> None:
        status = child.exit_status()
        child.signal_group(signal.SIGKILL)
        child.ended_at.append(now)
        recently = [moment for moment in child.ended_at if now - moment < WITHIN_SECONDS]
        if len(recently) > RESTARTS:
            text = f"{child.service.name} ended {len(recently)} times within a minute."
            raise terminal.Trouble(text, detail=child.last_lines())
        child.restart_at = now + 0.25 * 2 ** (len(recently) - 1)
        terminal.say(f"  {child.service.name} ended (exit status {status}); starting it again. Its log: {child.log}")

    def stop(self) -> None:
        """Ends all children, politely first; then whatever of theirs is still there."""
        for child in self.children:
            if child.process is not None and child.exit_status() is None:
                child.process.terminate()
        self._wait_ended(PATIENCE_SECONDS)
        survivors = [child for child in self.children if child.signal_group(signal.SIGTERM)]
        deadline = time.monotonic() + 1
        while survivors and self._signals < 2 and time.monotonic() < deadline:
            survivors = [child for child in survivors if child.signal_group(0)]
            time.sleep(0.02)
        for child in self.children:
            child.signal_group(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()
        leftovers.end(leftovers.marked(self.var), patience_seconds=1)
        for child in self.children:
            child.finish_reading()
        self.children.clear()

    def _start(self, service: Service) -> Child:
        child = Child(service, log=_fresh_log(self.var / "log" / f"{service.name}.log"))
        self.children.append(child)
        child.start(environment=self.environment, cwd=self.cwd)
        return child

    def _wait_ended(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while any(child.process and child.exit_status() is None for child in self.children):
            if self._signals >= 2 or time.monotonic() > deadline:
                return
            time.sleep(0.02)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals == 1 and not self._leaving:
            raise Stopped


def _fresh_log(path: Path) -> Path:
    """Keeps the log of the run before beside it."""
    if path.exists():
        path.replace(path.with_suffix(".log.1"))
    return path


def _answers(probe: Answers) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", probe.port, timeout=2)
    try:
        connection.request("GET", probe.path, headers={"Host": f"{probe.host}:{probe.port}"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
