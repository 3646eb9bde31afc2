"""The mails of notifications: first a copy for everybody who wants it, then one mail to each for all of a kind.

A copy is written down as being sent before its mail leaves. When a process ends in between, nobody knows whether it
left, and it is not sent again: the page Notifications has it in any case.
"""

import logging
import smtplib
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies import low_balances, notifying
from agencies.notifying import Item, Later, Mail
from domains import links
from notifications import notes
from notifications.models import Kind
from portal import mailing, notice_words
from tenancy import door, schemas

log = logging.getLogger(__name__)
# The server has said no, so it was not sent. Whatever else goes wrong after the first byte may have been.
_REFUSED = (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused)


def share(subject: str) -> datetime | None:
    """Find out who is to be mailed this notification."""
    with door.leave():
        notifying.share(UUID(subject), timezone.now())
    return None


def send(subject: str) -> datetime | None:
    """Mail one member everything of one kind that they were not told; when again, if today's mail went out."""
    membership_id, _sign, kind = subject.partition(":")
    agency_id = schemas.current_agency_id()
    with door.leave():
        begun = notifying.begin(
            agency_id=agency_id, membership_id=int(membership_id), kind=Kind(kind), now=timezone.now()
        )
    if isinstance(begun, Later):
        return begun.at
    if begun is not None:
        _send(begun)
    return None


def look_at_balances(_subject: str) -> datetime | None:
    """See who has fallen below the agency's line."""
    low_balances.look(timezone.now())
    return None


def _send(mail: Mail) -> None:
    try:
        names = notice_words.names_of(item.notification for item in mail.items)
        with door.leave():
            message = _written(mail, names)
            if message is None:
                return
            server = mailing.opened()
    except Exception:
        with door.leave():
            notifying.put_back(mail)
        raise
    with door.leave():
        _hand_over(mail, message, server)


def _written(mail: Mail, names: notice_words.Names) -> EmailMultiAlternatives | None:
    """The mail about all that is still so; None when nothing is."""
    items = [item for item in mail.items if notice_words.is_still_so(item.notification)]
    notifying.drop([item for item in mail.items if item not in items])
    if not items:
        return None
    said = _said(mail, items, names)
    message = mailing.written_by_platform(to=mail.to.user.email, template="notifications", said=said)
    message.extra_headers["List-Unsubscribe"] = f"<{said['choose_url']}>"
    return message


def _hand_over(mail: Mail, message: EmailMessage, server: BaseEmailBackend) -> None:
    try:
        mailing.hand_over(message, server)
    except _REFUSED:
        notifying.put_back(mail)
        raise
    except OSError as error:
        log.error("%s for member %s: not known whether it was sent: %s", mail.kind, mail.to.pk, type(error).__name__)
    else:
        notifying.sent(mail)
    finally:
        server.close()


def _said(mail: Mail, items: list[Item], names: notice_words.Names) -> dict[str, Any]:
    slug, company = mail.to.agency.slug, mail.to.agency.branding.company_name
    told = [notice_words.told(item.notification, names, slug=slug, number=item.fresh) for item in items]
    each = [(one, links.platform(one.href)) for one in told]
    choose = reverse("dashboard:notification_choices", "portal.urls_platform", [slug])
    page = reverse("dashboard:notifications", "portal.urls_platform", [slug])
    many = _("%(kind)s, %(number)d new") % {"kind": mail.kind.label, "number": len(told)}
    return {
        "heading": told[0].title if len(told) == 1 else many,
        "company": company,
        "told": each,
        "page_url": links.platform(page),
        "choose_url": links.platform(choose),
    }


JOBS: dict[str, Callable[[str], datetime | None]] = {
    notes.KIND: share,
    notifying.MAIL_KIND: send,
    low_balances.KIND: look_at_balances,
}
