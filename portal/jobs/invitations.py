"""The mail that asks somebody to join a team."""

from collections.abc import Callable
from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from agencies import invitations
from agencies.models import Invitation
from domains import links
from portal import mailing, wording
from tenancy import door


def send(subject: str) -> datetime | None:
    """Send the latest token to whoever was invited. What was answered or revoked meanwhile is not sent."""
    with door.leave():
        rows = Invitation.objects.select_related("agency", "agency__branding").filter(pk=subject, sent_at=None)
        invitation = rows.filter(accepted_at=None, revoked_at=None).first()
        if invitation is None:
            return None
        path = reverse("platform:invitation", "portal.urls_platform", [invitations.token_of(invitation)])
        said = {
            "company": invitation.agency.branding.company_name,
            "role": invitation.get_role_display(),
            "by": invitation.invited_by.get("email", ""),
            "until": wording.moment(invitation.expires_at),
            "page_url": links.platform(path),
        }
        mailing.send_from_platform(to=invitation.email, template="invitation", said=said)
        # The token of a later mail is not marked as sent by an earlier one.
        Invitation.objects.filter(pk=invitation.pk, serial=invitation.serial).update(sent_at=timezone.now())
    return None


JOBS: dict[str, Callable[[str], datetime | None]] = {invitations.KIND: send}
