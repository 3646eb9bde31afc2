"""An agency's hosts as its team sees them: how each of its own domains stands, since when, and until when.

Only reads. Whatever happens to a domain happens in domains.verification; to a slug, in agencies.addresses.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from domains import rhythm, verification
from domains.models import Domain
from follow_ups.models import FollowUp


class Standing(Enum):
    """How a domain stands, in the order in which a list of them is read."""

    ACTIVE = "active"
    PROVED = "proved"
    FAILING = "failing"
    WAITING = "waiting"
    # Another agency has proved the name.
    BEATEN = "beaten"
    LOST = "lost"
    RELEASED = "released"


TROUBLE = (Standing.FAILING, Standing.LOST, Standing.BEATEN)
_ORDER = list(Standing)
_OF_STATE = {
    Domain.State.PENDING: Standing.WAITING,
    Domain.State.VERIFIED: Standing.PROVED,
    Domain.State.ACTIVE: Standing.ACTIVE,
    Domain.State.FAILING: Standing.FAILING,
    Domain.State.LOST: Standing.LOST,
    Domain.State.RELEASED: Standing.RELEASED,
}


@dataclass(frozen=True, slots=True)
class Hosts:
    """All hosts of an agency. `slug` is today's; `former` lead on to it for a while; `own` are in reading order."""

    slug: Domain
    former: list[Domain]
    own: list[Domain]

    @property
    def primary(self) -> Domain:
        """The one that links are made of."""
        return next((domain for domain in self.own if domain.is_primary), self.slug)


def hosts(agency_id: int) -> Hosts:
    """Every host of the agency. One query."""
    rows = list(Domain.objects.filter(tenant_id=agency_id).order_by("-created_at", "-pk"))
    slugs = [row for row in rows if row.kind == Domain.Kind.SLUG]
    return Hosts(
        slug=next(row for row in slugs if row.gives_way_at is None),
        former=[row for row in slugs if row.gives_way_at is not None],
        own=_in_order(row for row in rows if row.kind == Domain.Kind.CUSTOM),
    )


def own(agency_id: int) -> list[Domain]:
    """The agency's own domains in reading order, without those it gave back. One query."""
    rows = Domain.objects.filter(tenant_id=agency_id, kind=Domain.Kind.CUSTOM)
    return _in_order(rows.exclude(state=Domain.State.RELEASED).order_by("-created_at", "-pk"))


def standing(domain: Domain) -> Standing:
    """How the domain stands."""
    stands = _OF_STATE[Domain.State(domain.state)]
    is_without = stands in (Standing.WAITING, Standing.LOST)
    return Standing.BEATEN if is_without and domain.was_beaten_at is not None else stands


def since(domain: Domain) -> datetime:
    """Since when it has stood so."""
    began = {
        Standing.ACTIVE: [domain.active_at, domain.verified_at],
        Standing.PROVED: [domain.verified_at],
        Standing.FAILING: [domain.failing_at],
        Standing.BEATEN: [domain.was_beaten_at],
        Standing.LOST: [domain.lost_at],
        Standing.RELEASED: [domain.released_at],
        Standing.WAITING: [],
    }[standing(domain)]
    return max((at for at in began if at is not None), default=domain.created_at)


def ends_at(domain: Domain) -> datetime | None:
    """When this ends if nothing changes: a claim goes, a failing name is switched off, one given back is free."""
    if domain.state == Domain.State.PENDING:
        return domain.created_at + rhythm.CLAIM_LIVES
    if domain.state == Domain.State.FAILING and domain.failing_at is not None:
        return domain.failing_at + rhythm.FAILING_LIVES
    if domain.state == Domain.State.RELEASED and domain.released_at is not None:
        return domain.released_at + rhythm.KEPT_BACK
    return None


def next_looks(agency_id: int) -> dict[int, datetime]:
    """When each domain that is looked at is looked at next, by its id. One query."""
    rows = FollowUp.objects.filter(agency_id=agency_id, kind=verification.KIND)
    return {int(subject): due_at for subject, due_at in rows.values_list("subject", "due_at")}


def _in_order(domains: Iterable[Domain]) -> list[Domain]:
    return sorted(domains, key=lambda domain: (not domain.is_primary, _ORDER.index(standing(domain))))
