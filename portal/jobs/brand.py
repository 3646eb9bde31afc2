"""Jobs of a brand: draw a picture that was asked for, send a test mail, look for names that are not the agency's."""

from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from agencies.models import Agency
from branding import leaks, pictures
from domains import resolver
from portal import leak_walk, mail_samples, mailing
from tenancy import schemas

TEST_MAIL = "test_mail"


def draw_picture(subject: str) -> datetime | None:
    """Fetch and draw the picture of this role."""
    pictures.make(agency_id=schemas.current_agency_id(), role=subject)
    resolver.forget()
    return None


def send_test_mail(subject: str) -> datetime | None:
    """Send a made-up mail of this kind to this address: `<kind>:<address>`."""
    key, _colon, to = subject.partition(":")
    agency = _agency()
    if key in mail_samples.SAMPLES:
        mailing.deliver(agency, mail_samples.written(agency, key, to=to))
    return None


def look_for_leaks(subject: str) -> datetime | None:
    """Look at everything that visitors and readers of mails get."""
    agency = _agency()

    def note(done: int, total: int) -> None:
        leaks.note_progress(agency_id=agency.pk, done=done, total=total)

    walked = leak_walk.walk(agency, note)
    leaks.finish(agency_id=agency.pk, findings=walked.findings, unseen=walked.unseen, at=timezone.now())
    return None


def _agency() -> Agency:
    return Agency.objects.select_related("branding").get(pk=schemas.current_agency_id())


JOBS: dict[str, Callable[[str], datetime | None]] = {
    pictures.KIND: draw_picture,
    TEST_MAIL: send_test_mail,
    leaks.KIND: look_for_leaks,
}
