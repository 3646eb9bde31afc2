"""Prices as people type them, "40", "40.00" or "40,50", and the whole minor units that are kept."""

import re

# What stands around an amount without saying how much: signs and codes of currencies.
_AROUND = re.compile(r"\A\s*(?:[€$£]|eur|usd|gbp)?\s*|\s*(?:[€$£]|eur|usd|gbp)?\s*\Z", re.IGNORECASE)
# Thousands in groups, where a group cannot be the hundredths: 1,234.56, 1.234,56 and 1 234, but not 1,234.
_GROUPED = re.compile(
    r"(\d{1,3}(?:,\d{3})+)\.(\d{2})\Z"
    r"|(\d{1,3}(?:\.\d{3})+),(\d{2})\Z"
    r"|(\d{1,3}(?:[ '’\u00a0\u202f]\d{3})+)(?:[.,](\d{2}))?\Z",
    re.ASCII,
)
_TYPED = re.compile(r"(\d{1,9})(?:[.,](\d{1,2}))?\Z", re.ASCII)


def read_price(text: str) -> int | None:
    """Minor units of what was typed; None when it is no price. Never a float in between."""
    match = _TYPED.match(text.strip())
    if match is None:
        return None
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0") or "0")


def read_amount(text: str) -> int | None:
    """Minor units of an amount that may carry its currency and thousands in groups: "€ 1.234,56", "10 EUR", "40".

    None when it is no amount, or could be read in two ways.
    """
    bare = _AROUND.sub("", text)
    grouped = _GROUPED.match(bare)
    if grouped is None:
        return read_price(bare)
    whole, *hundredths = (part for part in grouped.groups() if part)
    return int(re.sub(r"\D", "", whole)) * 100 + int(hundredths[0] if hundredths else 0)


def written_price(minor: int) -> str:
    """What to put into the field for an amount in minor units."""
    return f"{minor // 100}.{minor % 100:02d}"
