"""Jobs for agencies' own domains: look at a name, let a name or a former slug go."""

import logging
from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from agencies import addresses
from domains import rhythm, verification
from domains.dns import from_settings
from domains.models import Domain

log = logging.getLogger(__name__)


def check(subject: str) -> datetime | None:
    """Look at a claimed name and say when to look again; let it go when nothing is left to wait for."""
    now = timezone.now()
    try:
        domain = verification.refresh(domain_id=int(subject), dns=from_settings(), now=now)
        if rhythm.is_over(domain, now):
            verification.bury(domain_id=domain.pk, now=now)
            domain = Domain.objects.get(pk=domain.pk)
    except Domain.DoesNotExist:
        return None
    log.info("domain %s of agency %s: %s, %s", domain, domain.tenant_id, domain.state, domain.finding.get("code"))
    return rhythm.next_check_at(domain, now)


def slug_gives_way(subject: str) -> datetime | None:
    """Free a slug that was changed, once its time is over."""
    return addresses.give_way(domain_id=int(subject), now=timezone.now())


JOBS: dict[str, Callable[[str], datetime | None]] = {verification.KIND: check, addresses.KIND: slug_gives_way}
