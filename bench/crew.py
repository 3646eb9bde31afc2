"""A crew: several processes that do the same work at the same time, as the clients of a database or of a web server.

They stay for all rounds, with their connections open, as the product's own processes do.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack import folders, terminal

WARM_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class Ran:
    """What a crew did in a second, and how much it did in all, warming up included."""

    rate: float
    in_all: int


class Crew:
    """Processes that are started together and end together."""

    def __init__(self, command: Sequence[str], *, size: int, environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("ab") as errors:
            self._processes = [
                subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                    cwd=folders.ROOT,
                    env={**os.environ, **environment},
                )
                for _ in range(size)
            ]

    def __enter__(self) -> Crew:
        try:
            self._hear(self._processes)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        for process in self._processes:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            process.terminate()
            process.wait()

    def run(self, arm: str, seconds: float, *, size: int | None = None, **order: Any) -> Ran:
        """Have `size` of them (all by default) do this work side by side.

        `order` goes to the work as it is. Raises Trouble when one of them fails.
        """
        chosen = self._processes[:size]
        order |= {"arm": arm, "seconds": seconds, "warm_seconds": WARM_SECONDS}
        self._tell(chosen, [{**order, "number": number, "of": len(chosen)} for number in range(len(chosen))])
        self._hear(chosen)
        self._tell(chosen, [{}] * len(chosen))
        answers = self._hear(chosen)
        rate = sum(answer["done"] / answer["seconds"] for answer in answers)
        return Ran(rate, sum(answer["in_all"] for answer in answers))

    def _tell(self, chosen: list[subprocess.Popen[str]], orders: Sequence[Mapping[str, Any]]) -> None:
        for process, order in zip(chosen, orders, strict=True):
            if process.stdin is not None and process.poll() is None:
                process.stdin.write(json.dumps(order) + "\n")
                process.stdin.flush()

    def _hear(self, chosen: list[subprocess.Popen[str]]) -> list[dict[str, Any]]:
        answers = []
        for process in chosen:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                process.wait()
                last = self._log.read_text(errors="replace").strip().splitlines()[-6:]
                raise terminal.Trouble("a process of the bench ended before its work did.", detail="\n".join(last))
            answers.append(json.loads(line))
        return answers
