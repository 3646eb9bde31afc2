"""`make bench`: runs the groups, shows a table, writes results.json; the exit status is 1 when a bound is not kept."""

from __future__ import annotations

import os
import sys
import time

from bench import figures, ground, groups, knobs
from bench.figures import Figure
from stack import terminal


def main() -> int:
    """Measure what the environment asks for."""
    began_at = time.monotonic()
    wanted = knobs.read(os.environ, known=groups.GROUPS)
    terminal.say(f"Measuring {', '.join(wanted.groups)}. {_load()}")
    found: list[Figure] = []
    with ground.prepared(wanted) as prepared:
        for name in wanted.groups:
            found += groups.measure(name, prepared)
    figures.write(found)
    failed = [figure for figure in found if not figure.holds]
    terminal.say(f"\n{figures.table(found)}\n")
    terminal.say(f"{time.monotonic() - began_at:.0f} s. {_load()} Kept in {os.path.relpath(figures.RESULTS)}.")
    terminal.say(f"{len(failed)} of {len(found)} do not hold." if failed else f"All {len(found)} hold.")
    return 1 if failed else 0


def _load() -> str:
    one, five, fifteen = os.getloadavg()
    return f"Load of this machine: {one:.1f}, {five:.1f}, {fifteen:.1f} on {os.cpu_count()} cores."


def run() -> int:
    """`main`, with one sentence for what a person can put right."""
    try:
        return main()
    except terminal.Trouble as trouble:
        sys.exit(terminal.sentence(trouble))
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(run())
