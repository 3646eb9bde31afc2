"""One invitation, or one ticket to look as a client, used by many at once."""

from threading import Barrier

import pytest

from agencies import client_invitations, visits
from agencies.models import Agency, Membership
from billing.models import LedgerEntry
from clients.models import Client
from tenancy import door
from tests.support.booking import side_by_side

pytestmark = pytest.mark.usefixtures("own_agency")


def test_welcome_credits_are_posted_once_however_often_the_button_is_pressed(own_agency: Agency) -> None:
    with door.enter(own_agency):
        made = client_invitations.invite(email="zoe@new.test", name="Zoe", credits=5, invited_by={})
    token, start = client_invitations.token_of(made), Barrier(4)

    def accept(_number: int) -> str:
        start.wait()
        try:
            client_invitations.accept(token=token, name="Zoe", password="a long enough password")
        except client_invitations.InvitationGone:
            return "gone"
        return "in"

    assert sorted(side_by_side(own_agency, accept, range(4), threads=4)) == ["gone", "gone", "gone", "in"]
    with door.enter(own_agency):
        assert Client.objects.count() == 1
        assert list(LedgerEntry.objects.values_list("kind", "amount")) == [("allocation", 300)]


def test_a_ticket_that_is_used_by_many_at_once_begins_one_visit(own_agency: Agency) -> None:
    owner = Membership.objects.get(agency=own_agency)
    with door.enter(own_agency):
        client = Client.objects.create(name="Zoe", email="zoe@new.test")
        _visit, ticket = visits.ask(
            client_id=client.pk, member_id=owner.user_id, email="owner@own.test", reason="Because she asked"
        )
    start = Barrier(4)

    def begin(_number: int) -> str:
        start.wait()
        try:
            visits.begin(ticket)
        except visits.TicketRefused:
            return "refused"
        return "begun"

    assert sorted(side_by_side(own_agency, begin, range(4), threads=4)) == ["begun", "refused", "refused", "refused"]
