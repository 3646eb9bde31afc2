"""Turns the integers the portal keeps (seconds, minor units, micro-units) into the figures people read.

Integers come in and text goes out. No float is involved, and nothing that is shown here is ever read back.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from django import template
from django.utils import formats
from django.utils.translation import gettext as _

register = template.Library()

MINUS = "\N{MINUS SIGN}"
DOTS = "\N{BULLET}" * 3

# Currencies whose minor unit is not a hundredth, as Stripe counts them (UGX and ISK it counts in hundredths).
_NO_MINOR_UNIT = {
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "JPY",
    "KMF",
    "KRW",
    "MGA",
    "PYG",
    "RWF",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
}
_THOUSANDTHS = {"BHD", "JOD", "KWD", "OMR", "TND"}

_SYMBOLS = {"EUR": "€ ", "USD": "$", "GBP": "£"}

# E.164 country codes of two digits; +1 and +7 have one digit, all others three.
_TWO_DIGIT_CODES = {str(code) for code in (20, 27, 30, 31, 32, 33, 34, 36, 39, *range(40, 50), *range(51, 59))}
_TWO_DIGIT_CODES |= {str(code) for code in (*range(60, 67), 81, 82, 84, 86, *range(90, 96), 98)}
_TWO_DIGIT_CODES -= {"42"}  # was Czechoslovakia; +420, +421 and +423 came of it


class Parts(NamedTuple):
    """A number cut before its decimal separator, for a big integer part beside small decimals."""

    whole: str
    fraction: str


def _grouped(digits: int, decimals: int) -> str:
    """Format `digits` counted in 10^-decimals, never negative, with the active locale's separators."""
    return str(formats.number_format(Decimal(digits).scaleb(-decimals), decimals, force_grouping=True))


def _sign(number: int) -> str:
    return MINUS if number < 0 else ""


def hundredths(seconds: int) -> int:
    """Hundredths of a credit nearest to `seconds`; a half, which 5/3 never yields, would go away from zero."""
    size = (abs(seconds) * 10 + 3) // 6
    return -size if seconds < 0 else size


@register.filter(name="credits", is_safe=False)
def in_credits(seconds: int | None) -> str:
    """Seconds as credits with two decimals (204 is 3.40). Empty for None."""
    if seconds is None:
        return ""
    shown = hundredths(seconds)
    return _sign(shown) + _grouped(abs(shown), 2)


@register.filter
def signed_credits(seconds: int | None) -> str:
    """Seconds as credits with their sign in front (6000 is +100.00). Empty for None."""
    if seconds is None:
        return ""
    return ("+" if seconds > 0 else "") + in_credits(seconds)


@register.filter
def credit_parts(seconds: int) -> Parts:
    """Credits cut in two: `whole` with sign and grouping, `fraction` with its separator."""
    text = in_credits(seconds)
    return Parts(text[:-3], text[-3:])


@register.filter
def minutes_seconds(seconds: int | None) -> str:
    """Exact time in words: 204 is "3 min 24 s", 65 "1 min 05 s", 120 "2 min", 24 "24 s". Empty for None."""
    if seconds is None:
        return ""
    minutes, rest = divmod(abs(seconds), 60)
    if not minutes:
        text = _("%(seconds)s s") % {"seconds": rest}
    elif not rest:
        text = _("%(minutes)s min") % {"minutes": _grouped(minutes, 0)}
    else:
        text = _("%(minutes)s min %(seconds)s s") % {"minutes": _grouped(minutes, 0), "seconds": f"{rest:02d}"}
    return _sign(seconds) + text


@register.filter
def clock(seconds: int) -> str:
    """A running time as a clock: 161 is "02:41", 3661 is "1:01:01". Negative counts as 0."""
    minutes, rest = divmod(max(seconds, 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"


def _with_currency(number: int, figure: str, currency: str) -> str:
    code = currency.upper()
    return _sign(number) + _SYMBOLS.get(code, f"{code} ") + figure


@register.filter
def money(minor: int | None, currency: str) -> str:
    """Minor units with their currency: 4000 and "eur" is "€ 40.00", 500 and "jpy" is "JPY 500". Empty for None."""
    if minor is None:
        return ""
    code = currency.upper()
    digits = 0 if code in _NO_MINOR_UNIT else 3 if code in _THOUSANDTHS else 2
    return _with_currency(minor, _grouped(abs(minor), digits), currency)


@register.filter
def rate(micro: int | None, currency: str) -> str:
    """Micro-units with their currency, two to six decimals: 70000 and "eur" is "€ 0.07", 72500 "€ 0.0725"."""
    if micro is None:
        return ""
    size, decimals = abs(micro), 6
    while decimals > 2 and size % 10 == 0:
        size, decimals = size // 10, decimals - 1
    return _with_currency(micro, _grouped(size, decimals), currency)


@register.filter
def percent(permille: int | None) -> str:
    """Tenths of a percent: 825 is "82.5 %". Empty for None."""
    if permille is None:
        return ""
    return f"{_sign(permille)}{_grouped(abs(permille), 1)} %"


def _country_code(digits: str) -> str:
    if digits[0] in "17":
        return digits[0]
    return digits[:2] if digits[:2] in _TWO_DIGIT_CODES else digits[:3]


@register.filter
def masked_phone(number: str | None) -> str:
    """A number nobody can dial from the screen: country, one digit and the last four; less of a short one."""
    text = str(number or "")
    digits = "".join(sign for sign in text if sign in "0123456789")
    if len(digits) < 4:
        return _("Hidden number")
    if not text.strip().startswith("+") or len(digits) < 9:
        return f"{DOTS} {digits[-2:]}"
    code = _country_code(digits)
    return f"+{code} {digits[len(code)]} {DOTS} {digits[-4:]}"
