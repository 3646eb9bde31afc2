"""Who works for an agency, and what each role may do. There is always an owner.

Everything here is read and written in public. Changes take a lock on the agency, so that two owners who leave at once
do so one after the other.
"""

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from agencies import notices
from agencies.models import Agency, Membership, OwnershipOffer
from people.models import User

_RANK = {Membership.Role.VIEWER: 0, Membership.Role.MANAGER: 1, Membership.Role.OWNER: 2}


class LastOwner(ValueError):
    """The agency would be without an owner. The message is for whoever tried."""


class OutOfBounds(ValueError):
    """No number of credits that can be given at once. The message is for whoever typed it."""


class NotYours(ValueError):
    """An offer of ownership is answered by whom it was made to, and taken back by who made it."""


def memberships_of(user: User) -> list[Membership]:
    """The person's places in open agencies, oldest first, with agency, brand and how much is `unread` there.

    To be called in public.
    """
    mine = Membership.objects.filter(user_id=user.pk, agency__state=Agency.State.READY)
    mine = mine.annotate(unread=notices.unread_here())
    return list(mine.select_related("agency", "agency__branding").order_by("created_at", "pk"))


def members(agency_id: int) -> list[Membership]:
    """Everybody who works here, the first of them first, with their person."""
    found = Membership.objects.filter(agency_id=agency_id).select_related("user")
    return list(found.order_by("created_at", "pk"))


def owners_of(agency_id: int) -> list[Membership]:
    """The owners of an agency, the first of them first, with person, agency and brand. To be called in public."""
    owners = Membership.objects.filter(agency_id=agency_id, role=Membership.Role.OWNER, user__is_active=True)
    return list(owners.select_related("user", "agency", "agency__branding").order_by("created_at", "pk"))


def may(role: str, needed: Membership.Role) -> bool:
    """Whether somebody in `role` may do what needs `needed`. An owner may do what a manager may, and so on down."""
    return role in _RANK and _RANK[Membership.Role(role)] >= _RANK[needed]


def change_role(*, agency_id: int, member_id: int, role: Membership.Role) -> Membership:
    """Give a member another role. Raises Membership.DoesNotExist, and LastOwner."""
    with transaction.atomic():
        member = _locked(agency_id, member_id)
        if role != Membership.Role.OWNER:
            _refuse_last_owner(member)
        member.role = role
        member.save(update_fields=["role"])
        # What was offered from owner to member is another thing now.
        OwnershipOffer.objects.filter(agency_id=agency_id, offered_by=member).delete()
        OwnershipOffer.objects.filter(agency_id=agency_id, offered_to=member).delete()
    return member


def remove(*, agency_id: int, member_id: int) -> Membership:
    """Let a member in no more, by somebody else or by themselves. Raises Membership.DoesNotExist, and LastOwner."""
    with transaction.atomic():
        member = _locked(agency_id, member_id)
        _refuse_last_owner(member)
        Membership.objects.filter(pk=member.pk).delete()
    return member


def offer_ownership(*, agency_id: int, by_user_id: str, member_id: int) -> OwnershipOffer:
    """Offer the agency to a member who is no owner; an offer made before is replaced.

    Raises Membership.DoesNotExist, and NotYours unless an owner offers it to somebody else.
    """
    with transaction.atomic():
        to = _locked(agency_id, member_id)
        mine = Membership.objects.get(agency_id=agency_id, user_id=by_user_id)
        if mine.role != Membership.Role.OWNER or to.role == Membership.Role.OWNER:
            raise NotYours(_("An owner offers it, to somebody who is not an owner yet."))
        OwnershipOffer.objects.filter(agency_id=agency_id).delete()
        return OwnershipOffer.objects.create(agency_id=agency_id, offered_by=mine, offered_to=to)


def answer_offer(*, agency_id: int, user_id: str, accepts: bool) -> None:
    """Take the offer: its two sides change places, owner and manager. Or end it, which either of them may.

    Raises OwnershipOffer.DoesNotExist, and NotYours for anybody else.
    """
    with transaction.atomic():
        Agency.objects.select_for_update(no_key=True).get(pk=agency_id)
        offer = OwnershipOffer.objects.select_related("offered_by", "offered_to").get(agency_id=agency_id)
        sides = [str(side.user_id) for side in (offer.offered_by, offer.offered_to)]
        if str(user_id) not in (sides[1:] if accepts else sides):
            raise NotYours(_("This offer was made to somebody else."))
        if accepts:
            Membership.objects.filter(pk=offer.offered_to_id).update(role=Membership.Role.OWNER)
            Membership.objects.filter(pk=offer.offered_by_id).update(role=Membership.Role.MANAGER)
        offer.delete()


def ask_above(*, agency_id: int, credits: int) -> None:
    """Say how many credits anybody of the team may give or take at once without proving again who they are.

    0 is for always asking. Raises OutOfBounds.
    """
    if not 0 <= credits <= settings.ALLOCATION_MAX_CREDITS:
        raise OutOfBounds(_("Say a number from 0 to %(most)d.") % {"most": settings.ALLOCATION_MAX_CREDITS})
    Agency.objects.filter(pk=agency_id).update(asks_again_above_credits=credits)


def _locked(agency_id: int, member_id: int) -> Membership:
    Agency.objects.select_for_update(no_key=True).get(pk=agency_id)
    return Membership.objects.select_related("user").get(pk=member_id, agency_id=agency_id)


def _refuse_last_owner(member: Membership) -> None:
    others = Membership.objects.filter(agency_id=member.agency_id, role=Membership.Role.OWNER).exclude(pk=member.pk)
    if member.role == Membership.Role.OWNER and not others.filter(user__is_active=True).exists():
        raise LastOwner(_("An agency needs an owner. Make somebody else an owner first."))
