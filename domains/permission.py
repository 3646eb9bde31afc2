"""Whether a name may have a certificate. The row says so at the moment of asking: no answer is kept, no DNS is asked.

A budget for each hour bounds what a fault can cost at the certificate authority. It is counted in Redis. While that is
away the row alone decides, because a name that is proved has a right to its certificate.
"""

import functools
import logging
import time
from dataclasses import dataclass

import redis
from django.conf import settings

from domains import names
from domains.models import SERVED, Domain

log = logging.getLogger(__name__)
_HOUR, _MINUTE = 3600, 60


@dataclass(frozen=True, slots=True)
class Counts:
    """Answers in the current hour, by all processes. `first_ones` is what of them the budget in all is spent on."""

    allowed: int
    first_ones: int
    denied: int


def may_have_certificate(host: str) -> bool:
    """Whether the proxy may get a certificate for this name, spelled as it is stored.

    Yes for an agency's own domain that is served, within the budget of this hour; no for anything else. Runs one query.
    """
    domain = _served(host)
    if domain is not None and _has_budget(domain):
        _count(("allowed", _HOUR))
        return True
    _denied()
    return False


def counts() -> Counts:
    """What was answered in this hour. Raises redis.RedisError."""
    found = _redis(settings.REDIS_URL).mget([_key(what, _HOUR) for what in ("allowed", "first", "denied")])
    return Counts(*(int(each or 0) for each in found))


def _served(host: str) -> Domain | None:
    try:
        if names.normalise(host) != host:
            return None
    except names.BadHost:
        return None
    # A slug's host is covered by the wildcard certificate.
    rows = Domain.objects.select_related("tenant").filter(domain=host, kind=Domain.Kind.CUSTOM, state__in=SERVED)
    found = rows[:1]
    return found[0] if found and found[0].tenant.is_ready else None


def _has_budget(domain: Domain) -> bool:
    """Spend one of the name's own, and of the budget in all if no certificate of this name has ever been seen.

    A known one does not count in all: a proxy that was restarted asks again for everything it has on disk.
    """
    spent, most = _count((f"of:{domain.pk}", _HOUR))[0], int(settings.CERTIFICATES_PER_DOMAIN_PER_HOUR)
    if spent > most:
        if spent == most + 1:
            log.warning("no more certificates for %s in this hour: asked for %s", domain.domain, spent)
        return False
    if domain.active_at is not None:
        return True
    spent, most = _count(("first", _HOUR))[0], int(settings.CERTIFICATES_PER_HOUR)
    if spent == most + 1:
        log.warning("no more first certificates in this hour: asked for %s", spent)
    return spent <= most


def _denied() -> None:
    """Count it, and say so once in a minute that has more of them than is usual."""
    _of_hour, of_minute = _count(("denied", _HOUR), ("denied", _MINUTE))
    if of_minute == settings.CERTIFICATE_DENIALS_PER_MINUTE + 1:
        log.warning("more than %s certificates denied in this minute", settings.CERTIFICATE_DENIALS_PER_MINUTE)


def _count(*events: tuple[str, int]) -> list[int]:
    """How often each has happened in its current span of so many seconds, this time included; 0 if nobody can say."""
    try:
        pipeline = _redis(settings.REDIS_URL).pipeline(transaction=False)
        for what, seconds in events:
            pipeline.incr(_key(what, seconds))
            pipeline.expire(_key(what, seconds), 2 * seconds)
        return [int(each) for each in pipeline.execute()[::2]]
    except redis.RedisError as error:
        log.warning("certificates are not counted: %s", type(error).__name__)
        return [0] * len(events)


def _key(what: str, seconds: int) -> str:
    return f"tls:{what}:{seconds}:{int(time.time() // seconds)}"


@functools.cache
def _redis(url: str) -> redis.Redis:
    """One pool of connections for each process. A handshake waits for the answer: better none than a late one."""
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
