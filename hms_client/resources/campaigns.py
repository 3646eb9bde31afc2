"""Campaigns and their leads."""

from collections.abc import Mapping, Sequence
from typing import Required, TypedDict, Unpack

from hms_client.reading import list_of, unwrapped
from hms_client.resources.collection import Collection, given, renamed
from hms_client.shapes.campaigns import Campaign, Lead
from hms_client.transport import Transport

_LEADS = "/campaigns/{id}/leads"


class NewLead(TypedDict, total=False):
    """A number to ring (E.164), and the values of the template's variables for it."""

    phone_number: Required[str]
    variables: Mapping[str, str]


class NewCampaign(TypedDict, total=False):
    """A campaign in full; it starts as a draft. Times are "HH:MM:SS" in `timezone`, an IANA name."""

    name: Required[str]
    assistant_id: Required[str]
    schedule_start_time: Required[str]
    schedule_end_time: Required[str]
    timezone: Required[str]
    system_message_template: str
    leads: Sequence[NewLead]


class CampaignChanges(TypedDict, total=False):
    """What can be changed. `status`: scheduled starts, paused stops; also draft and cancelled."""

    name: str
    status: str
    system_message_template: str | None
    schedule_start_time: str
    schedule_end_time: str
    timezone: str


class Campaigns(Collection[Campaign]):
    """`client.campaigns`."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport, "/campaigns", many="campaigns", one="campaign", read=Campaign.from_json)

    def create(self, **fields: Unpack[NewCampaign]) -> Campaign:
        """Create a draft."""
        return self._create(renamed(fields, {"assistant_id": "agent_id"}))

    def update(self, campaign_id: str, /, **changes: Unpack[CampaignChanges]) -> Campaign:
        """Change, start or stop a campaign; a completed one cannot change."""
        return self._update(campaign_id, changes)

    def list_leads(self, campaign_id: str) -> tuple[Lead, ...]:
        """Return all leads; HMS does not page them."""
        answer = self._transport.request("GET", _LEADS, path={"id": campaign_id})
        return list_of(answer, Lead.from_json, "leads", what="leads")

    def add_lead(self, campaign_id: str, *, phone_number: str, variables: Mapping[str, str] | None = None) -> Lead:
        """Add one lead. Never repeated: the number would be rung twice."""
        body = given(phone_number=phone_number, variables=variables)
        return Lead.from_json(
            unwrapped(self._transport.request("POST", _LEADS, path={"id": campaign_id}, body=body), "lead")
        )

    def remove_lead(self, campaign_id: str, lead_id: str) -> None:
        """Remove a lead; not while it is being rung."""
        self._transport.request("DELETE", _LEADS + "/{lead_id}", path={"id": campaign_id, "lead_id": lead_id})
