"""Many who press the button of one invitation at once."""

from threading import Barrier

import pytest

from agencies import client_invitations
from agencies.models import Agency
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
