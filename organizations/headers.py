"""Headers as people write them, one in a line: read, bounded, and shown again with their values covered.

A cover that comes back stands for the stored value, which nobody sees any more.
"""

import re
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from organizations.configurations import COVER

MOST = 10
_LONGEST_VALUE = 2_000
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
# What a request has of its own. A second one, or another one, would make it mean something else.
_OURS = {
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
}
_SIGNING = "x-webhook-"


class NotHeaders(ValueError):
    """This cannot be sent as headers. The message is for whoever typed it, and holds no value."""


def read(text: str) -> dict[str, str]:
    """The headers in a text, by name; a value may be COVER. Raises NotHeaders."""
    found: dict[str, str] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon or not _NAME.fullmatch(name):
            raise NotHeaders(_("Write one header in a line, such as “Authorization: Bearer abc”."))
        if name.lower() in (each.lower() for each in found):
            raise NotHeaders(_("“%(name)s” stands there twice.") % {"name": name})
        found[name] = value
    check(found)
    return found


def check(found: Mapping[str, str]) -> None:
    """Raise NotHeaders unless these can be sent; a value may be COVER."""
    for name, value in found.items():
        if name.lower() in _OURS or name.lower().startswith(_SIGNING):
            raise NotHeaders(_("“%(name)s” is set by whoever sends the request. Leave it out.") % {"name": name})
        if not _NAME.fullmatch(name) or (value != COVER and not _can_be_sent(value)):
            raise NotHeaders(_("Write the value of “%(name)s”, in plain characters.") % {"name": name})
    if len(found) > MOST:
        raise NotHeaders(_("At most %(most)d headers can be sent.") % {"most": MOST})


def covered(names: Iterable[str]) -> str:
    """The text that shows which headers are set."""
    return "\n".join(f"{name}: {COVER}" for name in names)


def merged(typed: Mapping[str, str], stored: Mapping[str, str]) -> dict[str, str]:
    """What was typed, with stored values in place of covers. Raises NotHeaders, also for a cover over nothing."""
    check(typed)
    known = {name.lower(): value for name, value in stored.items()}
    for name, value in typed.items():
        if value == COVER and name.lower() not in known:
            raise NotHeaders(_("Write the value of “%(name)s”, in plain characters.") % {"name": name})
    return {name: known[name.lower()] if value == COVER else value for name, value in typed.items()}


def replacing(typed: Mapping[str, str], stored_names: Iterable[str]) -> dict[str, str] | None:
    """What to send where all stored values are replaced at once and none can be read; None when nothing changes.

    Raises NotHeaders when some values would be lost.
    """
    covers = [name for name, value in typed.items() if value == COVER]
    if not covers:
        return dict(typed) if typed or list(stored_names) else None
    if len(covers) == len(typed) and set(covers) == set(stored_names):
        return None
    raise NotHeaders(_("HMS replaces all headers at once and shows none: write the values of all of them."))


def _can_be_sent(value: str) -> bool:
    return 0 < len(value) <= _LONGEST_VALUE and value.isascii() and value.isprintable()
