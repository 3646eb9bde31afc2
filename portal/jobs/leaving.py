"""Jobs of leaving: write an archive and delete it in time; end an agency that was closed, and tell its owners."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from domains import links
from leaving import closing, erasing, exports, one_client
from leaving.models import Erasure
from portal import mailing, wording
from portal.jobs import owners
from tenancy import door, schemas

_TO_OWNER = "closing_mail_to"


def make_export(subject: str) -> datetime | None:
    """Go on writing this archive."""
    return exports.make(export_id=UUID(subject), now=timezone.now())


def drop_export(subject: str) -> datetime | None:
    """Delete the file of this archive, when its time is over."""
    return exports.drop(export_id=UUID(subject), now=timezone.now())


def close_agency(subject: str) -> datetime | None:
    """Go on with the end of the agency of this id."""
    return erasing.go_on(agency_id=int(subject), now=timezone.now())


def erase_client(subject: str) -> datetime | None:
    """Erase this client as soon as nothing of it is on its way: `<client>:<when it was asked, in seconds>`."""
    client_id, _colon, seconds = subject.partition(":")
    asked_at = datetime.fromtimestamp(int(seconds), tz=UTC)
    return one_client.go_on(client_id=UUID(client_id), asked_at=asked_at, now=timezone.now())


def share_closing(subject: str) -> datetime | None:
    """Ask for one mail to each owner: the agency `closes`, or `stays`."""
    owners.ask_for_mails(kind=_TO_OWNER, subject=subject)
    return None


def mail_closing(subject: str) -> datetime | None:
    """Tell one owner that the agency was closed, or taken back. What is not so any more is not told."""
    what, _colon, membership_id = subject.partition(":")
    agency_id = schemas.current_agency_id()
    with door.leave():
        owner = owners.find(agency_id, int(membership_id))
        if owner is None or (owner.agency.closes_at is not None) != (what == "closes"):
            return None
        closes_at = owner.agency.closes_at
        said = {
            "what": what,
            "company": owner.agency.branding.company_name,
            "day": wording.day(wording.day_of(closes_at)) if closes_at else "",
            "page_url": links.platform(
                reverse("dashboard:leaving", urlconf="portal.urls_platform", kwargs={"slug": owner.agency.slug})
            ),
        }
        mailing.send_from_platform(to=owner.user.email, template="closing", said=said)
    return None


def mail_certificate(subject: str) -> datetime | None:
    """Send the certificate to one of those who owned the agency."""
    agency_id, _colon, number = subject.partition(":")
    erasure = Erasure.objects.get(pk=int(agency_id))
    said = {"company": erasure.company_name, "rows": sum(erasure.erased.values())}
    mailing.send_from_platform(
        to=erasure.owners[int(number)]["email"],
        template="certificate",
        said=said,
        files={f"{erasure.slug}-certificate.json": erasure.certificate},
    )
    return None


JOBS: dict[str, Callable[[str], datetime | None]] = {
    exports.KIND: make_export,
    exports.DROP_KIND: drop_export,
    closing.KIND: close_agency,
    one_client.KIND: erase_client,
    closing.MAIL_KIND: share_closing,
    _TO_OWNER: mail_closing,
    erasing.MAIL_KIND: mail_certificate,
}
