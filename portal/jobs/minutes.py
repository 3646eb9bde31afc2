"""Mails to an agency's owners about its minutes: one to each, once for each time that a line is crossed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.urls import reverse

from agencies import coverage, watch
from agencies.models import Membership
from agencies.watch import Alarm
from domains import links
from portal import mailing
from portal.jobs import owners
from tenancy import door, schemas

_MAIL_KIND = "minutes_mail"


def share_news(subject: str) -> datetime | None:
    """Ask for one mail to each owner."""
    owners.ask_for_mails(kind=_MAIL_KIND, subject=subject)
    return None


def mail_owner(subject: str) -> datetime | None:
    """Tell one owner how the minutes stand now. What is not so any more is not told."""
    alarm, membership_id = subject.split(":")
    agency_id = schemas.current_agency_id()
    seen = coverage.look(agency_id)
    with door.leave():
        owner = owners.find(agency_id, int(membership_id))
        if owner is not None and seen.seconds_left is not None and watch.is_on(agency_id, Alarm(alarm)):
            said = _said(Alarm(alarm), seen, owner)
            mailing.send_from_platform(to=owner.user.email, template="minutes", said=said)
    return None


def _said(alarm: Alarm, seen: coverage.Coverage, owner: Membership) -> dict[str, Any]:
    page = reverse("dashboard:hms", urlconf="portal.urls_platform", kwargs={"slug": owner.agency.slug})
    return {
        "alarm": alarm.value,
        "seen": seen,
        "minutes": (seen.seconds_left or 0) // 60,
        "missing_minutes": -(-seen.missing // 60),
        "stops": watch.of(owner.agency_id).stops_selling,
        "company": owner.agency.branding.company_name,
        "page_url": links.platform(page),
    }


JOBS: dict[str, Callable[[str], datetime | None]] = {watch.KIND: share_news, _MAIL_KIND: mail_owner}
