"""Two at once: owners who leave, entries of the log, people with one invitation."""

from threading import Barrier

import pytest
from django.db import connection, transaction

from agencies import invitations, team
from agencies.models import Agency, Membership
from audit import proof, trail
from audit.models import AuditEntry
from people.models import User
from tenancy import door
from tests.support.booking import side_by_side

pytestmark = pytest.mark.usefixtures("own_agency")


def test_two_owners_who_leave_at_once_leave_one(own_agency: Agency) -> None:
    second = User.objects.create_user(f"second@{own_agency.slug}.test")
    try:
        Membership.objects.create(agency=own_agency, user=second)
        start = Barrier(2)

        def leave(member_id: int) -> str:
            start.wait()
            try:
                with door.leave():
                    team.remove(agency_id=own_agency.pk, member_id=member_id)
            except team.LastOwner:
                return "stays"
            return "left"

        both = [member.pk for member in team.members(own_agency.pk)]
        assert sorted(side_by_side(own_agency, leave, both, threads=2)) == ["left", "stays"]
        assert [member.role for member in team.members(own_agency.pk)] == ["owner"]
    finally:
        _forget(second)


def test_entries_that_are_written_at_once_are_one_chain(own_agency: Agency) -> None:
    start = Barrier(8)

    def write_ten(number: int) -> None:
        start.wait()
        for _time in range(10):
            with transaction.atomic():
                who = trail.Who("member", str(number))
                trail.write(agency_id=own_agency.pk, who=who, what="brand.changed", after={"by": number})

    side_by_side(own_agency, write_ten, range(8), threads=8)
    assert AuditEntry.objects.filter(agency_id=own_agency.pk).count() == 80
    assert list(proof.problems(own_agency.pk)) == []


def test_an_invitation_that_is_sent_twice_is_one(own_agency: Agency) -> None:
    start = Barrier(4)

    def invite(_number: int) -> str:
        start.wait()
        try:
            with door.leave():
                invitations.invite(
                    agency_id=own_agency.pk, email="mia@own.test", role=Membership.Role.VIEWER, invited_by={}
                )
        except invitations.InvitationRefused:
            return "refused"
        return "invited"

    assert sorted(side_by_side(own_agency, invite, range(4), threads=4)) == ["invited", *["refused"] * 3]


def _forget(user: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM agencies_membership WHERE user_id = %s", [user.pk])
        cursor.execute("DELETE FROM people_user WHERE id = %s", [user.pk])
