"""Jobs for agencies' own domains: look at a name, let a name or a former slug go, and mail the owners what changed."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import formats, timezone

from agencies import addresses
from agencies.models import Agency, Membership
from domains import doctor, links, news, rhythm, verification
from domains.dns import from_settings
from domains.models import Domain
from portal import mailing
from portal.jobs import owners
from tenancy import door, schemas

log = logging.getLogger(__name__)
_MAIL_KIND = "domain_mail"


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


def share_news(subject: str) -> datetime | None:
    """Ask for one mail to each owner."""
    owners.ask_for_mails(kind=_MAIL_KIND, subject=subject)
    return None


def mail_owner(subject: str) -> datetime | None:
    """Tell one owner what became of a name. What is not so any more is not told."""
    domain_id, what, membership_id = subject.split(":")
    agency_id = schemas.current_agency_id()
    with door.leave():
        domain = Domain.objects.filter(pk=int(domain_id), tenant_id=agency_id).first()
        owner = owners.find(agency_id, int(membership_id))
        if domain is not None and owner is not None and _still_so(domain, what):
            mailing.send_from_platform(to=owner.user.email, template="domain", said=_said(domain, what, owner))
    return None


def _still_so(domain: Domain, what: str) -> bool:
    return {
        news.PROVED: domain.is_served,
        news.BEATEN: domain.was_beaten_at is not None,
        news.FAILING: domain.state == Domain.State.FAILING,
        news.LOST: domain.state == Domain.State.LOST,
    }[what]


def _said(domain: Domain, what: str, owner: Membership) -> dict[str, Any]:
    agency: Agency = owner.agency
    page = reverse("dashboard:address", urlconf="portal.urls_platform", kwargs={"slug": agency.slug})
    return {
        "what": what,
        "name": domain.shown,
        "company": agency.branding.company_name,
        "trouble": doctor.words(doctor.read(domain.finding)) if what in (news.FAILING, news.LOST) else "",
        "ends_on": formats.date_format(
            timezone.localtime((domain.failing_at or timezone.now()) + rhythm.FAILING_LIVES)
        ),
        "portal_url": links.portal(agency.pk),
        "page_url": links.platform(page),
    }


JOBS: dict[str, Callable[[str], datetime | None]] = {
    verification.KIND: check,
    addresses.KIND: slug_gives_way,
    news.KIND: share_news,
    _MAIL_KIND: mail_owner,
}
