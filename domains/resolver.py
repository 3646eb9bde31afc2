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
from django.db.models import OuterRef, Q, Subquery

from domains import names
from domains.models import SERVED, Domain, State

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
    """A known host. `agency` is the Agency row of a portal, None elsewhere.

    `primary_host` is where people are led who ask for this one; the host itself where they are right.
    """

    place: Place
    host: str
    primary_host: str
    agency: Any = None

    @property
    def leads_on(self) -> bool:
        """Whether another host is the one to use."""
        return self.primary_host != self.host


class HostError(LookupError):
    """The host leads nowhere. The argument is the host as it was asked."""


class MalformedHost(HostError):
    """Not a host name at all."""


class UnknownHost(HostError):
    """A well-formed name that nobody has."""


class UnverifiedHost(HostError):
    """A domain that an agency has claimed and not proved, or whose proof is gone."""


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
        return Resolution(Place.PLATFORM, name, name)
    if name == f"www.{settings.PLATFORM_HOST}":
        return Resolution(Place.PLATFORM, name, settings.PLATFORM_HOST)
    if name == settings.OPERATOR_HOST:
        return Resolution(Place.OPERATORS, name, name)
    if name == settings.INTERNAL_HOST:
        return Resolution(Place.INTERNAL, name, name)
    return None


def _look_up(name: str) -> Resolution:
    """One query. Of several agencies that claim the name, the one that has proved it is meant."""
    primary = Domain.objects.filter(tenant=OuterRef("tenant"), is_primary=True).values("domain")[:1]
    domain = (
        Domain.objects.select_related("tenant", "tenant__branding")
        .annotate(primary_host=Subquery(primary), served=Q(state__in=SERVED))
        .filter(domain=name)
        .exclude(state=State.RELEASED)
        .order_by("-served")
        .first()
    )
    if domain is None or not domain.tenant.is_ready:
        raise UnknownHost(name)
    if not domain.is_served:
        raise UnverifiedHost(name)
    return Resolution(Place.PORTAL, name, domain.primary_host or name, domain.tenant)


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
