"""What a person sees: one line per step with its duration, and one sentence per failure."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

WIDTH = 58


class Trouble(Exception):
    """Something a person can put right; its text is one sentence for the terminal, an optional hint below it."""

    def __init__(self, text: str, *, detail: str = "") -> None:
        """`detail` is shown under the sentence: the last lines of a log, say."""
        super().__init__(text)
        self.detail = detail


def sentence(trouble: Trouble) -> str:
    """The text for standard error."""
    detail = "".join(f"\n    {line[:200]}" for line in trouble.detail.splitlines())
    return f"\nCannot go on: {trouble}{detail}"


def say(text: str = "") -> None:
    """Prints a line at once, also through a pipe."""
    print(text, flush=True)


class Step:
    """One line of progress. On a terminal the line is redrawn; elsewhere it grows by a dot a second at most."""

    def __init__(self, label: str) -> None:
        """Shows the label at once."""
        self.label = label
        self.started_at = time.monotonic()
        self._dotted_at = self.started_at
        self._dots = 0
        self._live = sys.stdout.isatty()
        self._write(f"  {label}")

    def progress(self, text: str) -> None:
        """Says how far the step has come."""
        if self._live:
            self._write(f"\r\x1b[K  {self.label}  {text}"[:100])
        elif time.monotonic() - self._dotted_at >= 1:
            self._dotted_at = time.monotonic()
            self._dots += 1
            self._write(".")

    def done(self, note: str = "") -> None:
        """Closes the line with the duration in seconds."""
        text = f"{self.label}, {note}" if note else self.label
        seconds = f"{time.monotonic() - self.started_at:6.1f} s"
        if self._live:
            say(f"\r\x1b[K  {text:<{WIDTH}}{seconds}")
            return
        if note:
            self._write(f", {note}")
            self._dots += len(note) + 2
        say(" " * max(1, WIDTH - len(self.label) - self._dots) + seconds)

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


@contextmanager
def step(label: str) -> Iterator[Step]:
    """A step that closes its line by itself; a failure leaves the line open and breaks it."""
    current = Step(label)
    try:
        yield current
    except BaseException:
        say()
        raise
    current.done()
