"""A figure is a measured value with the bound it has to keep. Figures are shown as they come and kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path(__file__).with_name("results.json")


class OneBoundNeeded(ValueError):
    """A figure has to keep exactly one bound: a lower or an upper one."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A value in its unit ("x" is a ratio) with `at_least` or `at_most`, in the same unit."""

    group: str
    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    def __post_init__(self) -> None:
        if (self.at_least is None) == (self.at_most is None):
            raise OneBoundNeeded(self.name)

    @property
    def holds(self) -> bool:
        """Whether the value keeps its bound. What is no number at all keeps none."""
        if self.at_least is not None:
            return self.value >= self.at_least
        return self.at_most is not None and self.value <= self.at_most

    @property
    def bound(self) -> str:
        """`at least 0.50 x`."""
        word, limit = ("at least", self.at_least) if self.at_least is not None else ("at most", self.at_most)
        return f"{word} {limit:.4g} {self.unit}"

    def as_json(self) -> dict[str, object]:
        """What stands in results.json. Only the bound that there is."""
        word, limit = ("at_least", self.at_least) if self.at_least is not None else ("at_most", self.at_most)
        told = {"group": self.group, "name": self.name, "value": round(self.value, 4), "unit": self.unit}
        return {**told, word: limit, "holds": self.holds}


def table(figures: Sequence[Figure]) -> str:
    """The figures as lines to read, one each."""
    width = max((len(figure.name) for figure in figures), default=0)
    return "\n".join(
        f"  {figure.name:<{width}}  {figure.value:>9.3g} {figure.unit:<16} {figure.bound:<28}"
        f"{'holds' if figure.holds else 'DOES NOT HOLD'}"
        for figure in figures
    )


def write(figures: Sequence[Figure], path: Path = RESULTS) -> None:
    """Keep the figures for whoever reads them with a program."""
    path.write_text(json.dumps([figure.as_json() for figure in figures], indent=2) + "\n")
