"""Campaigns and the people they ring."""

from datetime import datetime

from hms_client.reading import identity, mapping, moment, text, whole
from hms_client.shapes.shape import Shape, optional, required, rest, shape
from hms_client.values import FrozenMap


@shape
class Campaign(Shape):
    """A list of leads to ring. `scheduled` means it runs; only HMS sets `completed`, and then it is frozen.

    The daily times are texts like "09:00:00", in `timezone` (an IANA name).
    """

    id: str = required(identity)
    name: str = required(text)
    status: str | None = optional(text)
    assistant_id: str | None = optional(identity, "agent_id")
    system_message_template: str | None = optional(text, shown=False)
    schedule_start_time: str | None = optional(text)
    schedule_end_time: str | None = optional(text)
    timezone: str | None = optional(text)
    total_leads: int | None = optional(whole)
    completed_leads: int | None = optional(whole)
    failed_leads: int | None = optional(whole)
    created_at: datetime | None = optional(moment)
    updated_at: datetime | None = optional(moment)
    extra: FrozenMap = rest()


@shape
class Lead(Shape):
    """One number of a campaign. Statuses so far: pending, calling, completed, failed, skipped."""

    id: str = required(identity)
    status: str | None = optional(text)
    campaign_id: str | None = optional(identity)
    call_id: str | None = optional(identity)
    attempts: int | None = optional(whole)
    last_attempt_at: datetime | None = optional(moment)
    created_at: datetime | None = optional(moment)
    phone_number: str = required(identity, shown=False)
    variables: FrozenMap | None = optional(mapping, shown=False)
    extra: FrozenMap = rest(shown=False)
