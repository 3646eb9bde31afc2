"""Who works for an agency, and what each role may do."""

from agencies.models import Agency, Membership
from people.models import User

_RANK = {Membership.Role.VIEWER: 0, Membership.Role.MANAGER: 1, Membership.Role.OWNER: 2}


def memberships_of(user: User) -> list[Membership]:
    """The person's places in open agencies, oldest first, with agency and brand. To be called in public."""
    mine = Membership.objects.filter(user_id=user.pk, agency__state=Agency.State.READY)
    return list(mine.select_related("agency", "agency__branding").order_by("created_at", "pk"))


def owners_of(agency_id: int) -> list[Membership]:
    """The owners of an agency, the first of them first, with person, agency and brand. To be called in public."""
    owners = Membership.objects.filter(agency_id=agency_id, role=Membership.Role.OWNER, user__is_active=True)
    return list(owners.select_related("user", "agency", "agency__branding").order_by("created_at", "pk"))


def may(role: str, needed: Membership.Role) -> bool:
    """Whether somebody in `role` may do what needs `needed`. An owner may do what a manager may, and so on down."""
    return role in _RANK and _RANK[Membership.Role(role)] >= _RANK[needed]
