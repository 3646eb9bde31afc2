"""The groups. To add one: put a module with `measure(ground) -> list[Figure]` beside this file, and a line below."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from bench.figures import Figure
from bench.ground import Ground

# By name, because a module may only be imported when Django is set up.
GROUPS: Mapping[str, str] = {"money": "bench.money", "domains": "bench.domains", "hms": "bench.hms"}


def measure(name: str, ground: Ground) -> list[Figure]:
    """The figures of one group."""
    found: list[Figure] = import_module(GROUPS[name]).measure(ground)
    return found
