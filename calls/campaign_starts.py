"""Starting a client's campaign: only if what is available covers everybody it is going to ring.

HMS asks nobody before it rings the next lead, so what a campaign may take is judged before it starts, and its assistant
never goes without a maximum for one call.
"""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from billing import wallets
from calls import campaign_pauses, obstacles
from calls.models import Call
from clients import limits
from clients.models import Client
from hms_client import Campaign, HMSClient, Lead
from organizations import reporting
from organizations.models import Organization

# So many of the client's latest outbound calls say how long a lead takes; fewer than the least say nothing.
SAMPLE: Final = 100
LEAST_SAMPLE: Final = 10
USUAL_SECONDS: Final = 120
_TO_RING = (None, "pending", "calling")


class CannotStart(ValueError):
    """The campaign does not start. The message is for the person who wanted it."""


class NobodyToRing(CannotStart):
    """No lead is left."""


class TooLittleTime(CannotStart):
    """What is available does not cover the leads, or the client may start no call at all."""


class ClientSuspended(CannotStart):
    """The agency has suspended this client."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a campaign is going to take. `each` is what one lead is expected to take, in seconds, as `sample` of the
    client's latest outbound calls say (0: our own guess)."""

    leads: int
    each: int
    available: int
    sample: int

    @property
    def seconds(self) -> int:
        """What all of them take together."""
        return self.leads * self.each

    @property
    def is_covered(self) -> bool:
        return self.seconds <= self.available


def left_to_ring(leads: tuple[Lead, ...]) -> int:
    """How many leads are still to be rung."""
    return sum(1 for lead in leads if lead.status in _TO_RING)


def needed(organization: Organization, *, leads: int, longest: int | None) -> Need:
    """What ringing so many leads is going to take, when no call is longer than `longest` seconds."""
    outbound = Call.objects.filter(organization=organization, direction="outbound", booked_at__isnull=False)
    billed = [
        seconds or 0 for seconds in outbound.order_by("-placed_at").values_list("billed_seconds", flat=True)[:SAMPLE]
    ]
    enough = len(billed) >= LEAST_SAMPLE
    each = max(1, -(-sum(billed) // len(billed))) if enough else USUAL_SECONDS
    cap = limits.of(organization.client_id).seconds_a_call
    most = min(longest or cap, cap)
    available = max(0, wallets.get(organization.client_id).available)
    return Need(leads, min(each, most), available, len(billed) if enough else 0)


def start(organization: Organization, client: HMSClient, campaign_id: str) -> Campaign:
    """Let a campaign run, or go on. `client` speaks with the organization's key.

    Raises a subclass of CannotStart, or an hms_client.HMSError. Talks to HMS: not inside a transaction.
    """
    if organization.client.state == Client.State.SUSPENDED or organization.state == Organization.State.SUSPENDED:
        raise ClientSuspended(_("This client is suspended: no call starts."))
    why = obstacles.obstacle(wallets.get(organization.client_id))
    if why is not None:
        raise TooLittleTime(_("The client's next call would not start. The page of the client says why."))
    campaign = client.campaigns.get(campaign_id)
    assistant = client.assistants.get(campaign.assistant_id) if campaign.assistant_id else None
    need = needed(
        organization,
        leads=left_to_ring(client.campaigns.list_leads(campaign_id)),
        longest=assistant.max_duration_seconds if assistant else None,
    )
    if not need.leads:
        raise NobodyToRing(_("Nobody is left to ring. Add leads first."))
    if not need.is_covered:
        raise TooLittleTime(
            _("%(leads)d leads are expected to take %(needed)d s, and %(available)d s are available.")
            % {"leads": need.leads, "needed": need.seconds, "available": need.available}
        )
    longest, cap = (
        assistant.max_duration_seconds if assistant else None,
        limits.of(organization.client_id).seconds_a_call,
    )
    if assistant and (longest is None or longest > cap):
        client.assistants.update(assistant.id, max_duration_seconds=cap)
        reporting.forget(organization)
    campaign_pauses.started(organization.pk, campaign_id)
    return client.campaigns.update(campaign_id, status="scheduled")
