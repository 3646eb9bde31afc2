"""Who works for an agency: roles, leaving, handing over. There is always an owner."""

import pytest

from agencies import notices, team
from agencies.models import Agency, Membership, OwnershipOffer
from agencies.opening import open_agency
from people.models import User

pytestmark = pytest.mark.django_db
Role = Membership.Role


def joined(agency: Agency, name: str, role: Role) -> Membership:
    return Membership.objects.create(agency=agency, user=User.objects.create_user(f"{name}@acme.test"), role=role)


@pytest.fixture
def ada(acme: Agency) -> Membership:
    return Membership.objects.get(agency=acme)


def roles(agency: Agency) -> dict[str, str]:
    return {each.user.email.split("@")[0]: each.role for each in team.members(agency.pk)}


def test_the_last_owner_can_neither_leave_nor_become_less(acme: Agency, ada: Membership) -> None:
    joined(acme, "mia", Role.MANAGER)
    with pytest.raises(team.LastOwner):
        team.remove(agency_id=acme.pk, member_id=ada.pk)
    with pytest.raises(team.LastOwner):
        team.change_role(agency_id=acme.pk, member_id=ada.pk, role=Role.VIEWER)
    assert roles(acme) == {"ada": "owner", "mia": "manager"}


def test_an_owner_who_cannot_sign_in_does_not_count(acme: Agency, ada: Membership) -> None:
    asleep = joined(acme, "olga", Role.OWNER)
    User.objects.filter(pk=asleep.user_id).update(is_active=False)
    with pytest.raises(team.LastOwner):
        team.remove(agency_id=acme.pk, member_id=ada.pk)


def test_one_of_two_owners_can_leave(acme: Agency, ada: Membership) -> None:
    joined(acme, "olga", Role.OWNER)
    team.remove(agency_id=acme.pk, member_id=ada.pk)
    assert roles(acme) == {"olga": "owner"}


def test_nobody_is_changed_from_another_agency(ada: Membership, globex: Agency) -> None:
    with pytest.raises(Membership.DoesNotExist):
        team.change_role(agency_id=globex.pk, member_id=ada.pk, role=Role.VIEWER)
    with pytest.raises(Membership.DoesNotExist):
        team.remove(agency_id=globex.pk, member_id=ada.pk)


def test_an_agency_is_handed_over_when_both_agree(acme: Agency, ada: Membership) -> None:
    mia = joined(acme, "mia", Role.MANAGER)
    team.offer_ownership(agency_id=acme.pk, by_user_id=str(ada.user_id), member_id=mia.pk)
    assert roles(acme) == {"ada": "owner", "mia": "manager"}
    team.answer_offer(agency_id=acme.pk, user_id=str(mia.user_id), accepts=True)
    assert roles(acme) == {"ada": "manager", "mia": "owner"}
    assert not OwnershipOffer.objects.exists()


def test_an_offer_is_taken_by_nobody_else(acme: Agency, ada: Membership) -> None:
    mia, vic = joined(acme, "mia", Role.MANAGER), joined(acme, "vic", Role.VIEWER)
    team.offer_ownership(agency_id=acme.pk, by_user_id=str(ada.user_id), member_id=mia.pk)
    for other in (vic, ada):
        with pytest.raises(team.NotYours):
            team.answer_offer(agency_id=acme.pk, user_id=str(other.user_id), accepts=True)
    with pytest.raises(team.NotYours):
        team.answer_offer(agency_id=acme.pk, user_id=str(vic.user_id), accepts=False)


@pytest.mark.parametrize("who", ["ada", "mia"])
def test_an_offer_can_be_ended_by_both_sides(acme: Agency, ada: Membership, who: str) -> None:
    mia = joined(acme, "mia", Role.MANAGER)
    team.offer_ownership(agency_id=acme.pk, by_user_id=str(ada.user_id), member_id=mia.pk)
    side = {"ada": ada, "mia": mia}[who]
    team.answer_offer(agency_id=acme.pk, user_id=str(side.user_id), accepts=False)
    assert roles(acme) == {"ada": "owner", "mia": "manager"}
    with pytest.raises(OwnershipOffer.DoesNotExist):
        team.answer_offer(agency_id=acme.pk, user_id=str(mia.user_id), accepts=True)


def test_an_offer_ends_with_the_role_or_the_place_of_a_side(acme: Agency, ada: Membership) -> None:
    olga, mia = joined(acme, "olga", Role.OWNER), joined(acme, "mia", Role.MANAGER)
    team.offer_ownership(agency_id=acme.pk, by_user_id=str(ada.user_id), member_id=mia.pk)
    team.change_role(agency_id=acme.pk, member_id=ada.pk, role=Role.VIEWER)
    assert not OwnershipOffer.objects.exists()
    team.offer_ownership(agency_id=acme.pk, by_user_id=str(olga.user_id), member_id=mia.pk)
    team.remove(agency_id=acme.pk, member_id=mia.pk)
    assert not OwnershipOffer.objects.exists()


def test_only_an_owner_offers_and_only_to_somebody_who_is_none(acme: Agency, ada: Membership) -> None:
    mia, olga = joined(acme, "mia", Role.MANAGER), joined(acme, "olga", Role.OWNER)
    for by, to in ((mia, mia), (ada, ada), (ada, olga)):
        with pytest.raises(team.NotYours):
            team.offer_ownership(agency_id=acme.pk, by_user_id=str(by.user_id), member_id=to.pk)


def test_other_agencies_of_a_person_are_found_by_name(acme: Agency, ada: Membership) -> None:
    for slug, name in (("zeta", "Zeta"), ("beta", "Beta")):
        open_agency(slug=slug, company_name=name, owner=ada.user)
    assert [place.slug for place in notices.places_of(str(ada.user_id))] == ["acme", "beta", "zeta"]
