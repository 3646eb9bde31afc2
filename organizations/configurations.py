"""Configurations as HMS keeps them, JSON within JSON: plain copies, with what is secret in them covered.

A covered value that comes back is the stored one again, so that nobody has to see a secret in order to keep it.
"""

import re
from collections.abc import Mapping
from typing import Any

COVER = "••••••"
_SECRET = re.compile(r"api[-_]?key|secret|token|password|authorization", re.IGNORECASE)


def plain(value: Any) -> Any:
    """A copy in dicts and lists, to be changed and sent again."""
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


def covered(value: Any, *, secret: bool = False) -> Any:
    """A plain copy in which every value that is named like a secret, or stands among headers, is covered."""
    if isinstance(value, Mapping):
        return {
            name: covered(each, secret=secret or name.lower() == "headers" or bool(_SECRET.search(name)))
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [covered(each, secret=secret) for each in value]
    return COVER if secret and isinstance(value, str) and value else value


def uncovered(value: Any, stored: Any) -> Any:
    """`value` with each cover replaced by what is stored at that place; a cover over nothing is taken as typed."""
    if isinstance(value, Mapping):
        below = stored if isinstance(stored, Mapping) else {}
        return {name: uncovered(each, below.get(name)) for name, each in value.items()}
    if isinstance(value, list):
        rows = stored if isinstance(stored, list | tuple) else ()
        return [uncovered(each, rows[at] if at < len(rows) else None) for at, each in enumerate(value)]
    return plain(stored) if value == COVER and isinstance(stored, str) else value
