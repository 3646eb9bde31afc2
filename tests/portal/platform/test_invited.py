"""Joining a team by the link in a mail."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client as Visitor

from agencies import invitations
from agencies.models import Agency, Invitation, Membership
from audit.models import AuditEntry
from people.models import User
from tests.support.portal import text_of

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough secret"


@pytest.fixture
def link(acme: Agency) -> str:
    made = invitations.invite(
        agency_id=acme.pk, email="mia@acme.test", role=Membership.Role.MANAGER, invited_by={"email": "ada@acme.test"}
    )
    return f"/invitations/{invitations.token_of(made)}/"


def visitor(email: str = "") -> Visitor:
    browser = Visitor(HTTP_HOST="portal.localhost")
    if email:
        browser.force_login(User.objects.filter(email=email).first() or User.objects.create_user(email, PASSWORD))
    return browser


def test_a_new_person_joins_with_a_name_and_a_password(link: str, acme: Agency) -> None:
    browser = visitor()
    assert "Join Acme Voice" in text_of(browser.get(link))
    assert browser.post(link, {"name": "Mia", "password": PASSWORD}).headers["Location"] == "/agencies/acme/"
    assert browser.get("/agencies/acme/team/").status_code == 200
    # Who has just come in is not asked who they are.
    assert browser.post("/agencies/acme/team/leave/").headers["Location"] == "/agencies/"
    mia = User.objects.get(email="mia@acme.test")
    assert EmailAddress.objects.get(user=mia).verified
    joined = AuditEntry.objects.get(what="team.joined")
    assert (joined.agency_id, joined.after) == (acme.pk, {"mia@acme.test": "manager"})


@pytest.mark.parametrize("password", ["short", "password1234", "mia@acme.test"])
def test_a_weak_password_is_refused_and_nobody_joins(link: str, password: str) -> None:
    answer = visitor().post(link, {"name": "Mia", "password": password})
    assert answer.status_code == 200
    assert not User.objects.filter(email="mia@acme.test").exists()
    assert Invitation.objects.get().accepted_at is None


def test_somebody_who_has_a_sign_in_uses_it(link: str) -> None:
    User.objects.create_user("mia@acme.test", PASSWORD)
    page = visitor().get(link)
    assert f"/account/login/?next={link}" in page.content.decode()
    assert visitor().post(link, {"name": "Eve", "password": "another long secret"}).status_code == 200
    assert not Membership.objects.filter(user__email="mia@acme.test").exists()


def test_somebody_who_is_signed_in_joins_with_one_click(link: str) -> None:
    browser = visitor("mia@acme.test")
    assert browser.post(link).headers["Location"] == "/agencies/acme/"
    assert browser.post(link).status_code == 404


def test_somebody_else_is_told_whom_it_is_for(link: str) -> None:
    browser = visitor("eve@acme.test")
    assert "You are signed in as eve@acme.test" in text_of(browser.get(link))
    assert browser.post(link).status_code == 200
    assert not Membership.objects.filter(user__email="eve@acme.test").exists()


@pytest.mark.parametrize("token", ["x", "0" * 64])
def test_a_link_that_opens_nothing_says_so(token: str) -> None:
    answer = visitor().get(f"/invitations/{token}/")
    assert answer.status_code == 404
    assert "This invitation is over" in text_of(answer)


def test_looking_at_a_link_uses_nothing_up(link: str) -> None:
    for _time in range(3):
        assert visitor().get(link).status_code == 200
    assert not User.objects.filter(email="mia@acme.test").exists()
