"""What the people of an agency are told about its domain. Noted in the transaction that makes it so."""

from django.utils import timezone

from domains import doctor, rhythm
from domains.models import Domain
from notifications import notes
from notifications.models import Kind

PROVED = "proved"
BEATEN = "beaten"
FAILING = "failing"
LOST = "lost"


def tell(domain: Domain, what: str) -> None:
    """Have them told; `what` is one of the four words above. To be called inside the transaction."""
    facts: dict[str, notes.Fact] = {"name": domain.shown, "what": what}
    if what in (FAILING, LOST):
        facts["trouble"] = doctor.words(doctor.read(domain.finding))
    if what == FAILING:
        ends_at = (domain.failing_at or timezone.now()) + rhythm.FAILING_LIVES
        facts["ends_on"] = timezone.localdate(ends_at).isoformat()
    notes.note(Kind.DOMAIN, subject=f"{domain.pk}:{what}", facts=facts, agency_id=domain.tenant_id)


def is_still_so(agency_id: int, subject: str) -> bool:
    """Whether what was told under this subject is so now. To be called in public."""
    domain_id, _sign, what = subject.partition(":")
    domain = Domain.objects.filter(pk=int(domain_id), tenant_id=agency_id).first()
    if domain is None:
        return False
    return {
        PROVED: domain.is_served,
        BEATEN: domain.was_beaten_at is not None,
        FAILING: domain.state == Domain.State.FAILING,
        LOST: domain.state == Domain.State.LOST,
    }[what]
