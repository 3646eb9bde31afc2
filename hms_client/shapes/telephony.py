"""Phone numbers and the SIP trunks they come over."""

from datetime import datetime

from hms_client.reading import flag, identity, moment, text
from hms_client.shapes.shape import Shape, optional, required, rest, shape
from hms_client.values import FrozenMap


@shape
class Number(Shape):
    """A number the organization forwards to HMS; HMS sells none."""

    id: str = required(identity)
    phone_number: str = required(identity, "number")
    name: str | None = optional(text)
    assistant_id: str | None = optional(identity, "agent_id")
    assistant_name: str | None = optional(text, "agent_name")
    business_name: str | None = optional(text)
    transfer_trunk_id: str | None = optional(identity)
    transfer_trunk_name: str | None = optional(text)
    workflow_id: str | None = optional(identity)
    workflow_name: str | None = optional(text)
    source: str | None = optional(text)
    is_active: bool | None = optional(flag)
    created_at: datetime | None = optional(moment)
    updated_at: datetime | None = optional(moment)
    extra: FrozenMap = rest()


@shape
class SipTrunk(Shape):
    """A SIP connection. Its password goes in and never comes out."""

    id: str = required(identity)
    name: str = required(text)
    provider: str | None = optional(text)
    address: str | None = optional(text)
    transport: str | None = optional(text)
    auth_username: str | None = optional(text, shown=False)
    is_active: bool | None = optional(flag)
    created_at: datetime | None = optional(moment)
    updated_at: datetime | None = optional(moment)
    extra: FrozenMap = rest()
