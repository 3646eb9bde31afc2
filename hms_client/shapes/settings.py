"""What belongs to an organization as a whole: its e-mail domain, its own provider keys; and HMS's health."""

from datetime import datetime

from hms_client.reading import identity, items, mapping, moment, text
from hms_client.shapes.shape import Shape, optional, required, rest, rows, shape
from hms_client.values import FrozenMap, Json


@shape
class Domain(Shape):
    """The domain HMS sends e-mail from. It has nothing to do with a portal's address."""

    id: str = required(identity)
    domain_name: str = required(text)
    status: str | None = optional(text)
    region: str | None = optional(text)
    resend_domain_id: str | None = optional(identity)
    records: tuple[Json, ...] | None = optional(items)
    created_at: datetime | None = optional(moment)
    updated_at: datetime | None = optional(moment)
    verified_at: datetime | None = optional(moment)
    extra: FrozenMap = rest()


@shape
class ResendDomain(Shape):
    """A domain in the organization's own account at Resend."""

    id: str = required(identity)
    name: str = required(text)
    status: str | None = optional(text)
    region: str | None = optional(text)
    extra: FrozenMap = rest()


@shape
class ResendDomains(Shape):
    """The domains to choose from, and the chosen one."""

    domains: tuple[ResendDomain, ...] = required(rows(ResendDomain))
    selected_domain_id: str | None = optional(identity)
    extra: FrozenMap = rest()


@shape
class ProviderKeys(Shape):
    """Which providers have a key of the organization's own. HMS tells references into its vault, never keys."""

    secret_ids: FrozenMap = rest(shown=False)

    @property
    def providers(self) -> tuple[str, ...]:
        """The providers with a key, by name."""
        return tuple(sorted(name.removesuffix("_secret_id") for name, value in self.secret_ids.items() if value))


@shape
class HealthReport(Shape):
    """How HMS says it is; `ok` is good."""

    status: str = required(text)
    version: str | None = optional(text)
    timestamp: datetime | None = optional(moment)
    checks: FrozenMap | None = optional(mapping)
    extra: FrozenMap = rest()
