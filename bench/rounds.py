"""Rounds: every arm is warmed up, then the arms take turns (A B C, A B C, ...), so that whatever else the machine does
falls on all of them alike. What counts is an arm's median."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stack import terminal

# Works for this many seconds and returns what it did in one of them.
Arm = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Plan:
    """How often each arm has its turn, for how many seconds, and for how many before the first one counts."""

    rounds: int
    seconds: float
    warm_seconds: float


def take_turns(arms: Mapping[str, Arm], plan: Plan, *, unit: str) -> dict[str, float]:
    """Run the arms in turns and return the median of each. Every value is shown as soon as it is there."""
    for arm in arms.values():
        arm(plan.warm_seconds)
    values: dict[str, list[float]] = {name: [] for name in arms}
    for number in range(1, plan.rounds + 1):
        for name, arm in arms.items():
            value = arm(plan.seconds)
            values[name].append(value)
            terminal.say(f"    round {number}  {name:<44} {value:>10,.0f} {unit}")
    medians = {name: statistics.median(found) for name, found in values.items()}
    for name, found in values.items():
        terminal.say(
            f"    median   {name:<44} {medians[name]:>10,.0f} {unit}  ({min(found):,.0f} to {max(found):,.0f})"
        )
    return medians
