"""What was used, in whole seconds. Costs appear only where HMS still sends them, for information."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from hms_client.reading import decimal, identity, moment, text, whole
from hms_client.reading import seconds as whole_seconds
from hms_client.shapes.shape import Shape, exact, optional, required, rest, shape
from hms_client.values import FrozenMap


@shape
class UsageRow(Shape):
    """One used call. Its `id` is not the call's; `call_id` came only with older versions of HMS."""

    id: str = required(identity)
    seconds: int = required(whole_seconds, "duration_sec", "duration_seconds")
    created_at: datetime = required(moment)
    call_type: str | None = optional(text)
    call_id: str | None = optional(identity)
    number_id: str | None = optional(identity)
    phone_number: str | None = optional(text, shown=False)
    assistant_name: str | None = optional(text, "agent_name")
    business_name: str | None = optional(text)
    minutes_used: Decimal | None = optional(decimal)
    cost: Decimal | None = optional(decimal)
    extra: FrozenMap = rest()


@shape
class UsageSummary(Shape):
    """The whole filtered list in numbers, not the page alone; each None where HMS did not say it."""

    total_calls: int | None = exact(whole)
    total_seconds: int | None = exact(whole_seconds, "total_duration_seconds")
    total_minutes: Decimal | None = exact(decimal, "total_duration_minutes")
    total_cost: Decimal | None = optional(decimal)
    extra: FrozenMap = rest()


@dataclass(frozen=True, slots=True)
class UsagePage:
    """Some rows out of `total`, and the sums of all of them."""

    rows: tuple[UsageRow, ...]
    total: int
    limit: int
    offset: int
    summary: UsageSummary
