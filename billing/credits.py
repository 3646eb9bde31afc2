"""Credits are what people read and type, seconds are what is kept: 1 credit is 60 seconds. The only place that says so.

Nothing is rounded: what is no whole number of seconds is refused.
"""

import re

from django.utils.translation import gettext as _

SECONDS_PER_CREDIT = 60
MOST_CREDITS = 1_000_000
_TYPED = re.compile(r"([+\-\u2212]?)(\d{1,12})(?:[.,](\d{0,12}))?\Z", re.ASCII)


class BadCredits(ValueError):
    """Not an amount of credits that can be booked. The message is for the person who typed it."""


def to_seconds(whole_credits: int) -> int:
    """Seconds of a whole number of credits."""
    return whole_credits * SECONDS_PER_CREDIT


def split(seconds: int) -> tuple[int, int]:
    """Whole credits and the seconds beyond them, both with the sign of `seconds`."""
    whole, rest = divmod(abs(seconds), SECONDS_PER_CREDIT)
    return (whole, rest) if seconds >= 0 else (-whole, -rest)


def parse(text: str, *, most_credits: int = MOST_CREDITS) -> int:
    """Seconds of the credits that a person typed: "10", "2.5", "10,25", "-3".

    A comma is a decimal point, thousands are not grouped, and there are at most two decimals. 0.05 credits are 3
    seconds exactly; 0.01 would be 0.6 seconds and is refused. Raises BadCredits with a sentence that says what to do.
    """
    match = _TYPED.match(text.strip())
    if match is None:
        raise BadCredits(_("Type a number of credits, such as 10 or 2.5."))
    sign, whole, decimals = match[1], match[2], match[3] or ""
    if len(decimals.rstrip("0")) > 2:
        raise BadCredits(_("Use at most two decimals."))
    hundredths = int(whole) * 100 + int(decimals[:2].ljust(2, "0"))
    if hundredths > most_credits * 100:
        raise BadCredits(_("That is more than %(most)s credits at once.") % {"most": most_credits})
    seconds, rest = divmod(hundredths * SECONDS_PER_CREDIT, 100)
    if rest:
        raise BadCredits(_("Credits are kept in whole seconds: use steps of 0.05."))
    return seconds if sign in ("", "+") else -seconds
