"""Jobs that talk to HMS: a client's organization, its calls, the agency's minutes."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from agencies import call_terms, minutes
from calls import sync
from organizations import assistants, provisioning
from tenancy import schemas


def organization(subject: str) -> datetime | None:
    """Take a client's organization a step further; once it is ready, give it its first assistant."""
    again_at = provisioning.provision(UUID(subject))
    if again_at is None:
        assistants.equip(UUID(subject))
    return again_at


def sync_calls(subject: str) -> datetime | None:
    """Book what is over at HMS, and say when the next look is worth it."""
    synced = sync.sync(UUID(subject), terms=call_terms.in_force(schemas.current_agency_id()))
    if synced.entries:
        minutes.look_soon()
    return synced.next_at


def refresh_minutes(subject: str) -> datetime | None:
    """Ask HMS how much is left of the agency's minutes."""
    if minutes.refresh(schemas.current_agency_id()) is None:
        return None
    return minutes.next_look(timezone.now())


JOBS: dict[str, Callable[[str], datetime | None]] = {
    provisioning.KIND: organization,
    "sync_calls": sync_calls,
    minutes.KIND: refresh_minutes,
}
