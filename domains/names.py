"""What may be a host name, a slug or an agency's own domain. Pure: no database, no network.

Whatever is refused is refused with a sentence of its own. What is accepted has one spelling, so that names can be
compared letter by letter.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

import idna
from django.utils.translation import gettext as _
from publicsuffixlist import PublicSuffixList

from domains import scripts

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,48})[a-z0-9]\Z")
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*\Z")
_PORT = re.compile(r":\d{1,5}\Z")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
# A last label that browsers read as part of an address: 127.1, 0x7f000001.
_NUMBER = re.compile(r"(?:\d+|0x[0-9a-f]*)\Z")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")
_LONGEST = 253
RESERVED = frozenset(
    """
    www api admin app auth login logout signup account accounts mail smtp imap pop mx ns ns1 ns2 ftp cdn static assets
    media docs help support status billing pay payment payments checkout stripe paypal hms webhook webhooks portal
    portals dashboard agency agencies internal operator operators test staging dev autodiscover autoconfig wpad isatap
    abuse postmaster hostmaster webmaster security ssl root localhost local example hmsovereign sovereign voicedock
    """.split()
)
# Endings that never lead anywhere on the internet: RFC 6761, 6762, 7686, 8375, 9476, and what ICANN will not delegate.
_INSIDE_ONLY = frozenset("localhost local internal arpa onion invalid alt lan home corp mail intranet private".split())
_DIGITS = str.maketrans("0345789", "oeastbg")


class BadSlug(ValueError):
    """The slug cannot be used. The message says why, for the person who typed it."""


class BadHost(ValueError):
    """The text is not a host name."""


class BadDomain(ValueError):
    """The name cannot be an agency's own domain. The message says why, for the person who typed it."""


@dataclass(frozen=True, slots=True)
class CustomName:
    """A name that may be claimed: `name` as DNS has it (A-labels), `shown` as people read it, `zone` as registered."""

    name: str
    shown: str
    zone: str


def normalise(host: str) -> str:
    """The host in lower case, without port and trailing dot.

    Raises BadHost for anything that is not an ASCII host name (an IP address passes: it is resolved like a name).
    """
    if not host.isascii():
        raise BadHost(host[:80])
    name = _PORT.sub("", host.strip().lower()).removesuffix(".")
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
    if imitates_reserved(slug):
        raise BadSlug(_("This address looks like a reserved one. Please choose another."))
    return slug


def imitates_reserved(slug: str) -> bool:
    """Whether a hurried reader takes the slug for a reserved one: paypa1, adm1n, rnail, log-in."""
    return not _looks(slug).isdisjoint(_reserved_looks())


def suggest_slug(company: str) -> str:
    """A slug made of the company's name; empty when the name has too few letters in it."""
    plain = unicodedata.normalize("NFKD", company).encode("ascii", "ignore").decode().lower()
    slug = _NOT_SLUG.sub("-", plain).strip("-")[:50].strip("-")
    return slug if _SLUG.match(slug) and slug[2:4] != "--" else ""


def check_custom(typed: str, *, own: Collection[str]) -> CustomName:
    """What somebody typed or pasted, as a name that their agency may claim. `www.` is part of the name like any label.

    `own` are the platform's hosts and bases: nobody may claim one of them, what is under it or what it is under.
    Raises BadDomain.
    """
    name = _a_label(_bare(typed))
    labels = name.split(".")
    if len(labels) < 2:
        raise BadDomain(_("This name has no ending. Enter a whole domain, such as portal.example.com."))
    if labels[-1] in _INSIDE_ONLY:
        raise BadDomain(_("Names that end in .%(ending)s work inside a network only.") % {"ending": labels[-1]})
    if any(_is_within(name, mine) or _is_within(mine, name) for mine in own):
        raise BadDomain(_("This name belongs to the platform. Enter a domain of your own."))
    zone = _suffixes().privatesuffix(name)
    if zone is None:
        raise BadDomain(
            _("Others register their names under %(name)s. Enter your own name before it, such as portal.%(name)s.")
            % {"name": name}
        )
    for label in shown(name).split("."):
        _refuse_imitation(label, ending=labels[-1])
    return CustomName(name, shown(name), zone)


def dns_spelling(text: str) -> str:
    """A host as DNS has it, for whoever types one that may be anything: unchanged where it is no name."""
    try:
        return normalise(text if text.isascii() else idna.encode(text, uts46=True).decode())
    except (BadHost, UnicodeError):
        return text


def shown(name: str) -> str:
    """A name as people read it. One that is not in DNS's own spelling stays as it is."""
    try:
        return idna.decode(name)
    except UnicodeError:
        return name


def zone_of(name: str) -> str:
    """The registered domain that the name is in: acme.co.uk of portal.acme.co.uk. The name itself for a suffix."""
    return _suffixes().privatesuffix(name) or name


def _bare(typed: str) -> str:
    """The name in what was typed or copied from a browser: without scheme, path, port and trailing dot."""
    text = typed.strip()
    if not text:
        raise BadDomain(_("Enter your domain, such as portal.example.com."))
    text = _SCHEME.sub("", text.lower(), count=1)
    if "@" in text:
        raise BadDomain(_("This is an e-mail address. Enter the domain alone, such as portal.example.com."))
    if "*" in text:
        raise BadDomain(_("A domain with a star stands for many names. Enter the one name your clients will use."))
    text = re.split(r"[/?#\\]", text, maxsplit=1)[0]
    if text.startswith("[") or text.count(":") > 1:
        raise BadDomain(_("This is an IP address. Enter a domain name, such as portal.example.com."))
    text = _PORT.sub("", text).rstrip(".。．｡")
    if len(text) > _LONGEST:
        raise BadDomain(_("This name is too long: a domain has at most 253 characters."))
    return text


def _a_label(text: str) -> str:
    """The name as DNS has it: lower case, international labels as xn--."""
    try:
        name = normalise(idna.encode(text, uts46=True, std3_rules=True).decode())
    except (UnicodeError, BadHost) as error:
        raise BadDomain(
            _("This is not a domain name. Use letters, digits and hyphens, with dots between: portal.example.com.")
        ) from error
    if _NUMBER.match(name.rpartition(".")[2]):
        raise BadDomain(_("This is an IP address. Enter a domain name, such as portal.example.com."))
    return name


def _refuse_imitation(label: str, *, ending: str) -> None:
    if not scripts.is_highly_restrictive(label):
        raise BadDomain(
            _("“%(label)s” mixes letters of several alphabets, as imitations do. Use one alphabet.") % {"label": label}
        )
    if scripts.looks_latin(label) and not ending.startswith("xn--"):
        raise BadDomain(
            _("“%(label)s” looks like a word in Latin letters and is none. Use Latin letters.") % {"label": label}
        )


def _is_within(name: str, base: str) -> bool:
    return name == base or name.endswith(f".{base}")


@cache
def _suffixes() -> PublicSuffixList:
    """Mozilla's list as the package bundles it; nothing is fetched."""
    return PublicSuffixList()


def _looks(slug: str) -> set[str]:
    """What the slug may be read as. A 1 is read as l or as i."""
    plain = slug.replace("-", "").translate(_DIGITS)
    return {plain.replace("1", letter).replace("rn", "m").replace("vv", "w") for letter in "li"}


@cache
def _reserved_looks() -> frozenset[str]:
    return frozenset(look for word in RESERVED for look in _looks(word))
