"""Telephone numbers as people write them, read into the one form that HMS takes: E.164."""

import re

from django.utils.translation import gettext as _

_E164 = re.compile(r"\+[1-9][0-9]{6,14}\Z")
_BETWEEN_DIGITS = re.compile(r"[\s().\-/\u00a0]+")


class NotANumber(ValueError):
    """The text is no telephone number in international form. The message is for the person who wrote it."""


def read(text: str) -> str:
    """The number in E.164, without what people write between digits. Raises NotANumber."""
    number = _BETWEEN_DIGITS.sub("", text)
    if not _E164.match(number):
        raise NotANumber(_("Please write the number with its country code, like +31 20 123 4567."))
    return number
