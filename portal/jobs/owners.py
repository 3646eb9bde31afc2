"""Mails to an agency's owners: one follow-up for each, so that one that cannot be sent does not repeat the others."""

from django.db import transaction

from agencies import team
from agencies.models import Membership
from follow_ups import agenda
from tenancy import door, schemas


def ask_for_mails(*, kind: str, subject: str) -> None:
    """Have work of this kind done for each owner of the agency that we are in, on `<subject>:<membership>`."""
    agency_id = schemas.current_agency_id()
    # People of an agency are in public; inside its schema the same table holds its clients.
    with door.leave(), transaction.atomic():
        for owner in team.owners_of(agency_id):
            agenda.schedule(kind=kind, subject=f"{subject}:{owner.pk}", agency_id=agency_id)


def find(agency_id: int, membership_id: int) -> Membership | None:
    """The owner, with person, agency and brand; None when it is none any more. To be called in public."""
    return next((each for each in team.owners_of(agency_id) if each.pk == membership_id), None)
