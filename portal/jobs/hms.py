"""Jobs that talk to HMS: a client's organization, its calls, the agency's minutes."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from agencies import call_terms, control, low_balances, minutes, quarantine
from calls import campaign_pauses, cutting, forgetting, sync, urgency
from organizations import assistants, hms, provisioning, suspension
from organizations.models import Organization
from tenancy import schemas


def organization(subject: str) -> datetime | None:
    """Take a client's organization a step further; once it is ready, give it its first assistant."""
    again_at = provisioning.provision(UUID(subject))
    if again_at is None:
        assistants.equip(UUID(subject))
        suspension.schedule_if_suspended(UUID(subject))
    return again_at


def suspended(subject: str) -> datetime | None:
    """End the calls of a suspended client and stop its assistants; let a reactivated one's go on."""
    cutting.look(UUID(subject))
    suspension.settle(UUID(subject))
    return campaigns(subject)


def campaigns(subject: str) -> datetime | None:
    """Pause the campaigns that may not run; let those go on that we paused."""
    return campaign_pauses.look(UUID(subject))


def sync_calls(subject: str) -> datetime | None:
    """Book what is over at HMS, and say when the next look is worth it."""
    organization_id = UUID(subject)
    not_before = urgency.not_before(organization_id, timezone.now())
    if not_before is not None:
        cutting.look(organization_id)
        return not_before
    synced = sync.sync(organization_id, terms=call_terms.in_force(schemas.current_agency_id()))
    if synced.elsewhere:
        quarantine.keep_twice(Organization.objects.get(pk=organization_id), synced.elsewhere)
    if synced.entries:
        minutes.look_soon()
    cutting.look(organization_id)
    campaign_pauses.schedule_if_needed(organization_id)
    return synced.next_at


def refresh_minutes(subject: str) -> datetime | None:
    """Look at clients' balances, and ask HMS how much is left of the agency's minutes."""
    low_balances.look(timezone.now())
    if minutes.refresh(schemas.current_agency_id()) is None:
        return None
    return minutes.next_look(timezone.now())


def control_totals(subject: str) -> datetime | None:
    """Have every client compared with HMS's own totals, and come back next night."""
    return control.spread(timezone.now())


def control_total(subject: str) -> datetime | None:
    """Compare one client, and again in an hour when it differs."""
    return control.look(UUID(subject))


def stray_calls(subject: str) -> datetime | None:
    """Look for calls that are no client's, daily while the agency is connected."""
    try:
        quarantine.look(timezone.now())
    except hms.NoKey:
        return None
    return timezone.now() + quarantine.EVERY


def forget_calls(subject: str) -> datetime | None:
    """Let the numbers of old calls go, daily."""
    now = timezone.now()
    forgetting.forget(now)
    return now + forgetting.EVERY


JOBS: dict[str, Callable[[str], datetime | None]] = {
    provisioning.KIND: organization,
    "sync_calls": sync_calls,
    forgetting.KIND: forget_calls,
    suspension.KIND: suspended,
    campaign_pauses.KIND: campaigns,
    minutes.KIND: refresh_minutes,
    control.KIND: control_totals,
    control.EACH_KIND: control_total,
    quarantine.KIND: stray_calls,
}
