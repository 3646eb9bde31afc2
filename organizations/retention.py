"""How long HMS keeps what was said and who called: set with the organization's own key, and noted here.

HMS does not tell what is set, so the last answer to a change of ours is what is known.
"""

from typing import Final

from django.utils.translation import gettext as _

from organizations import hms
from organizations.models import Organization

CONTENT_DAYS: Final = (30, 90, 180, 365)
METADATA_DAYS: Final = (30, 90, 180, 365, 730)


class ContentOutlivesCalls(ValueError):
    """What was said would be kept longer than the call it was said in. The message is for the person who asked."""


def keep(organization: Organization, *, content_days: int, metadata_days: int) -> None:
    """Let HMS keep content and metadata of calls for these numbers of days, of CONTENT_DAYS and METADATA_DAYS.

    Raises ContentOutlivesCalls, hms.NoKey or an hms_client.HMSError. Talks to HMS: not inside a transaction.
    """
    if content_days > metadata_days:
        raise ContentOutlivesCalls(_("What was said cannot be kept longer than the calls themselves."))
    with hms.for_organization(organization) as client:
        set_to = client.organizations.set_retention(
            content_retention_days=content_days, metadata_retention_days=metadata_days
        )
    organization.content_days = set_to.content_retention_days
    organization.metadata_days = set_to.metadata_retention_days
    organization.save(update_fields=["content_days", "metadata_days"])
