"""What members do with their sign-in, written into the log of every agency they work for."""

from typing import Any

from allauth.account.adapter import get_adapter
from django.db import transaction
from django.http import HttpRequest

from agencies import team
from audit import trail
from people.models import User


def write(request: HttpRequest, user: User, what: str, **after: Any) -> None:
    """Add an entry about this person in each of their agencies. To be called in public."""
    came_from = str(get_adapter().get_client_ip(request))
    with transaction.atomic():
        # In the order of their ids, so that two sign-ins at once do not wait for each other.
        for each in sorted(team.memberships_of(user), key=lambda membership: membership.agency_id):
            who = trail.Who("member", str(user.pk), user.email, each.role, came_from)
            trail.write(agency_id=each.agency_id, who=who, what=what, after=after)
