"""What can be asked of a run, from the environment, so that `make bench ONLY=money SCALE=full` passes it on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bench.rounds import Plan
from stack import terminal

NORMAL = Plan(rounds=5, seconds=3.0, warm_seconds=1.0)
QUICK = Plan(rounds=2, seconds=1.0, warm_seconds=0.5)


@dataclass(frozen=True, slots=True)
class Knobs:
    """Which groups to run, how, and whether at the full size, which takes much longer."""

    groups: tuple[str, ...]
    plan: Plan
    is_full: bool = False
    is_quick: bool = False

    def sized(self, *, quick: int, normal: int, full: int) -> int:
        """One of three sizes."""
        return full if self.is_full else quick if self.is_quick else normal


def read(environment: Mapping[str, str], *, known: Collection[str]) -> Knobs:
    """From ONLY (groups, divided by commas; all of the known ones by default), SCALE=full and QUICK=1.

    Raises Trouble for anything that does not exist.
    """
    wanted = tuple(name for name in environment.get("ONLY", "").replace(",", " ").split()) or tuple(known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise terminal.Trouble(f"ONLY={unknown[0]} is no group; there are: {', '.join(known)}.")
    scale, quick = environment.get("SCALE", ""), environment.get("QUICK", "")
    if scale not in ("", "full"):
        raise terminal.Trouble(f"SCALE={scale} is not known: full, or nothing.")
    if quick not in ("", "1"):
        raise terminal.Trouble(f"QUICK={quick} is not known: 1, or nothing.")
    if scale and quick:
        raise terminal.Trouble("SCALE=full and QUICK=1 do not go together.")
    return Knobs(wanted, QUICK if quick else NORMAL, is_full=bool(scale), is_quick=bool(quick))
