"""Prices as people type them, "40", "40.00" or "40,50", and the whole minor units that are kept."""

import re

_TYPED = re.compile(r"(\d{1,9})(?:[.,](\d{1,2}))?\Z", re.ASCII)


def read_price(text: str) -> int | None:
    """Minor units of what was typed; None when it is no price. Never a float in between."""
    match = _TYPED.match(text.strip())
    if match is None:
        return None
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0") or "0")


def written_price(minor: int) -> str:
    """What to put into the field for an amount in minor units."""
    return f"{minor // 100}.{minor % 100:02d}"
