"""What went wrong is said in the brand of the host, with the right status, and shows nothing of the inside."""

from unittest import mock

import pytest
from django.test import Client

from agencies.models import Agency, Membership
from people.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("host", "brand"), [("acme.portal.localhost", b"Acme Voice"), ("portal.localhost", b"Portal")])
def test_a_page_that_is_not_there_wears_the_brand(host: str, brand: bytes) -> None:
    page = Client(HTTP_HOST=host).get("/not/here/")
    assert page.status_code == 404
    assert brand in page.content
    assert b"There is nothing here" in page.content


@pytest.mark.parametrize("host", ["acme.portal.localhost", "portal.localhost"])
def test_a_fault_of_ours_tells_nothing_of_the_inside(host: str) -> None:
    visitor = Client(HTTP_HOST=host, raise_request_exception=False)
    with mock.patch("allauth.account.views.LoginView.get", side_effect=RuntimeError("sk_live_CANARY")):
        page = visitor.get("/account/login/")
    assert page.status_code == 500
    assert b"That went wrong on our side" in page.content
    assert b"CANARY" not in page.content
    assert b"RuntimeError" not in page.content


def test_what_a_role_may_not_is_said(acme: Agency) -> None:
    vic = User.objects.create_user("vic@acme.test")
    Membership.objects.create(agency=acme, user=vic, role=Membership.Role.VIEWER)
    visitor = Client(HTTP_HOST="portal.localhost")
    visitor.force_login(vic)
    page = visitor.post("/agencies/acme/set-up/switch/", {"portal": "on"})
    assert page.status_code == 403
    assert b"This is not open to you" in page.content
    assert b"This needs the role Owner." in page.content


def test_too_many_sign_ups_are_slowed_down() -> None:
    visitor = Client(HTTP_HOST="portal.localhost")
    answers = [visitor.post("/account/signup/", {"company": "x"}).status_code for _number in range(21)]
    assert answers[-1] == 429
    assert b"One moment, please" in visitor.post("/account/signup/", {}).content
