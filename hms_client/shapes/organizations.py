"""Organizations. Minutes are exact decimals; a new organization's key is never printed."""

from datetime import datetime
from decimal import Decimal

from hms_client.reading import decimal, flag, identity, moment, text, whole
from hms_client.shapes.shape import Shape, exact, optional, required, rest, rows, shape
from hms_client.values import FrozenMap


@shape
class ChildOrganization(Shape):
    """A child as its parent sees it: without key, balance or usage."""

    id: str = required(identity)
    name: str = required(text, "company_name")
    created_at: datetime | None = optional(moment)
    extra: FrozenMap = rest()


@shape
class Organization(Shape):
    """The organization a key belongs to.

    `minutes_balance` may be fractional. What a child's key shows there is not documented: only a
    parent's is to be trusted. `children` is None when they were not asked for.
    """

    id: str = required(identity)
    name: str = required(text, "company_name")
    minutes_balance: Decimal | None = exact(decimal)
    monthly_usage_minutes: Decimal | None = exact(decimal)
    active_numbers: int | None = optional(whole)
    active_assistants: int | None = optional(whole, "active_agents")
    active_calls: int | None = optional(whole)
    has_local_models_access: bool | None = optional(flag)
    parent_org_id: str | None = exact(identity)
    children: tuple[ChildOrganization, ...] | None = exact(rows(ChildOrganization))
    extra: FrozenMap = rest()


@shape
class CreatedOrganization(Shape):
    """A new organization. `api_key` is told here once and never again: store it before anything else.

    Only the id and the key are insisted on, so that no other surprise can lose the key.
    """

    id: str = required(identity)
    name: str | None = optional(text, "company_name")
    parent_org_id: str | None = optional(identity)
    api_key: str = required(identity, shown=False)
    created_at: datetime | None = optional(moment)
    extra: FrozenMap = rest()


@shape
class Retention(Shape):
    """How many days HMS keeps what was said (content), and who called (metadata)."""

    content_retention_days: int = required(whole)
    metadata_retention_days: int = required(whole)
    extra: FrozenMap = rest()
