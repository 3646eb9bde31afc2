"""What may be a host name or a slug. Pure: no database, no network."""

import re
import unicodedata

from django.utils.translation import gettext as _

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,48})[a-z0-9]\Z")
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*\Z")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
RESERVED = frozenset(
    """
    www api admin app auth login logout signup account accounts mail smtp imap pop mx ns ns1 ns2 ftp cdn static assets
    media docs help support status billing pay payment payments checkout stripe hms webhook webhooks portal portals
    dashboard agency agencies internal operator operators test staging dev autodiscover autoconfig wpad isatap
    abuse postmaster hostmaster webmaster security ssl root localhost local example hmsovereign sovereign voicedock
    """.split()
)


class BadSlug(ValueError):
    """The slug cannot be used. The message says why, for the person who typed it."""


class BadHost(ValueError):
    """The text is not a host name."""


def normalise(host: str) -> str:
    """The host in lower case, without port and trailing dot.

    Raises BadHost for anything that is not an ASCII host name (an IP address passes: it is resolved like a name).
    """
    name = host.strip().lower()
    name = name.rsplit(":", 1)[0] if re.search(r":\d{1,5}\Z", name) else name
    name = name.removesuffix(".")
    if not _HOST.match(name):
        raise BadHost(host[:80])
    return name


def check_slug(slug: str) -> str:
    """The slug as given, if it may be an agency's. Raises BadSlug."""
    if not _SLUG.match(slug):
        raise BadSlug(_("Use 3 to 50 lowercase letters, digits and hyphens; begin and end with a letter or a digit."))
    if slug[2:4] == "--":
        raise BadSlug(_("An address may not have two hyphens in third and fourth place."))
    if slug in RESERVED:
        raise BadSlug(_("This address is reserved. Please choose another."))
    return slug


def suggest_slug(company: str) -> str:
    """A slug made of the company's name; empty when the name has too few letters in it."""
    plain = unicodedata.normalize("NFKD", company).encode("ascii", "ignore").decode().lower()
    slug = _NOT_SLUG.sub("-", plain).strip("-")[:50].strip("-")
    return slug if _SLUG.match(slug) and slug[2:4] != "--" else ""
