"""Which agency a host means. A host that is not surely somebody's is an error of its own kind, never a default.

Answers are kept in this process for some seconds, under a token in the shared cache that every change replaces; if the
shared cache is away, the database is asked each time.
"""

import logging
import secrets
import time
from dataclasses import dataclass
from enum import Enum
from threading import Lock
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.db import transaction

from domains import names
from domains.models import Domain

log = logging.getLogger(__name__)
KEEP_SECONDS = 30
_MOST = 10_000
_TOKEN = "token"  # noqa: S105 - a cache key, not a secret


class Place(Enum):
    """What a host leads to."""

    PLATFORM = "platform"
    OPERATORS = "operators"
    INTERNAL = "internal"
    PORTAL = "portal"


@dataclass(frozen=True, slots=True)
class Resolution:
    """A known host. `agency` is the Agency row of a portal, None elsewhere."""

    place: Place
    host: str
    agency: Any = None
    is_primary: bool = True


class HostError(LookupError):
    """The host leads nowhere. The argument is the host as it was asked."""


class MalformedHost(HostError):
    """Not a host name at all."""


class UnknownHost(HostError):
    """A well-formed name that nobody has."""


class UnverifiedHost(HostError):
    """A domain that an agency has claimed and not yet proved."""


_kept: dict[str, tuple[float, str, Resolution]] = {}
_lock = Lock()


def resolve(host: str) -> Resolution:
    """What the host of a request means.

    Raises MalformedHost, UnknownHost or UnverifiedHost. Runs one query when the answer is not known yet. To be called
    in public.
    """
    try:
        name = names.normalise(host)
    except names.BadHost as error:
        raise MalformedHost(host[:80]) from error
    fixed = _fixed(name)
    if fixed is not None:
        return fixed
    token = _shared_token()
    with _lock:
        known = _kept.get(name)
    if known and token and known[1] == token and known[0] > time.monotonic():
        return known[2]
    found = _look_up(name)
    if token:
        with _lock:
            if len(_kept) >= _MOST:
                _kept.clear()
            _kept[name] = (time.monotonic() + KEEP_SECONDS, token, found)
    return found


def forget() -> None:
    """Make every process ask the database again, once the current transaction is committed.

    To be called by whoever changes a Domain or what a page shows of an Agency.
    """
    transaction.on_commit(_replace_token)


def _fixed(name: str) -> Resolution | None:
    if name == settings.PLATFORM_HOST:
        return Resolution(Place.PLATFORM, name)
    if name == settings.OPERATOR_HOST:
        return Resolution(Place.OPERATORS, name)
    if name == settings.INTERNAL_HOST:
        return Resolution(Place.INTERNAL, name)
    return None


def _look_up(name: str) -> Resolution:
    domain = Domain.objects.select_related("tenant", "tenant__branding").filter(domain=name).first()
    if domain is None or not domain.tenant.is_ready:
        raise UnknownHost(name)
    if domain.state != Domain.State.VERIFIED:
        raise UnverifiedHost(name)
    return Resolution(Place.PORTAL, name, domain.tenant, domain.is_primary)


def _shared_token() -> str:
    """The current token; empty when the shared cache cannot say."""
    try:
        return caches["hosts"].get_or_set(_TOKEN, secrets.token_hex(8), timeout=None) or ""
    except Exception as error:  # noqa: BLE001 - whatever the cache does, the database answers
        log.warning("host cache unavailable: %s", type(error).__name__)
        return ""


def _replace_token() -> None:
    with _lock:
        _kept.clear()
    try:
        caches["hosts"].set(_TOKEN, secrets.token_hex(8), timeout=None)
    except Exception as error:  # noqa: BLE001 - other processes notice when their answers grow old
        log.warning("host cache unavailable: %s", type(error).__name__)
