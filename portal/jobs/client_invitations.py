"""The mail that asks somebody to become a client, in the agency's brand."""

from collections.abc import Callable
from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from agencies import client_invitations
from agencies.models import Agency, ClientInvitation
from domains import links
from portal import mailing, wording
from tenancy import schemas


def send(subject: str) -> datetime | None:
    """Send the latest token to whoever was invited. What was answered or withdrawn meanwhile is not sent."""
    agency = Agency.objects.select_related("branding").get(pk=schemas.current_agency_id())
    rows = ClientInvitation.objects.filter(pk=subject, agency_id=agency.pk, sent_at=None)
    invitation = rows.filter(accepted_at=None, withdrawn_at=None).first()
    if invitation is None:
        return None
    token = client_invitations.token_of(invitation)
    said = {
        "name": invitation.name,
        "credits": invitation.credits,
        "until": wording.moment(invitation.expires_at),
        "page_url": links.portal(agency.pk, reverse("storefront:invitation", "portal.urls_portal", [token])),
    }
    mailing.send(agency, to=invitation.email, template="client_invitation", said=said)
    # The token of a later mail is not marked as sent by an earlier one.
    ClientInvitation.objects.filter(pk=invitation.pk, serial=invitation.serial).update(sent_at=timezone.now())
    return None


JOBS: dict[str, Callable[[str], datetime | None]] = {client_invitations.KIND: send}
