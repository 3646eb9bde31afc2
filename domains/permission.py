"""Whether a name may have a certificate. The row says so at the moment of asking: no answer is kept, no DNS is asked.

A budget for each hour bounds what a fault can cost at the certificate authority. It is counted in the shared cache.
While that is away the row alone decides, because a name that is proved has a right to its certificate.
"""

import logging
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import caches

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
        _count("allowed", _HOUR)
        return True
    _denied(host)
    return False


def counts() -> Counts:
    """What was answered in this hour. Raises what the shared cache raises when it is away."""
    found = [int(caches["hosts"].get(_key(what, _HOUR), 0)) for what in ("allowed", "first", "denied")]
    return Counts(*found)


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
    spent = _count(f"of:{domain.pk}", _HOUR)
    if spent > settings.CERTIFICATES_PER_DOMAIN_PER_HOUR:
        if spent == settings.CERTIFICATES_PER_DOMAIN_PER_HOUR + 1:
            log.warning("no more certificates for %s in this hour: asked %s times", domain.domain, spent)
        return False
    if domain.active_at is not None:
        return True
    spent, most = _count("first", _HOUR), int(settings.CERTIFICATES_PER_HOUR)
    if spent == most + 1:
        log.warning("no more first certificates in this hour: asked for %s", spent)
    return spent <= most


def _denied(host: str) -> None:
    """Count it, and say so once in a minute that has more of them than is usual."""
    _count("denied", _HOUR)
    if _count("denied", _MINUTE) == settings.CERTIFICATE_DENIALS_PER_MINUTE + 1:
        log.warning("more than %s certificates denied in this minute", settings.CERTIFICATE_DENIALS_PER_MINUTE)


def _count(what: str, seconds: int) -> int:
    """How often this has happened in the current span of so many seconds, this time included; 0 if nobody can say."""
    key = _key(what, seconds)
    try:
        caches["hosts"].add(key, 0, timeout=2 * seconds)
        return caches["hosts"].incr(key)
    except Exception as error:  # noqa: BLE001 - whatever the cache does, the row decides
        log.warning("certificates are not counted: %s", type(error).__name__)
        return 0


def _key(what: str, seconds: int) -> str:
    return f"tls:{what}:{seconds}:{int(time.time() // seconds)}"
