"""The team's page: everybody sees it, owners change it, and what they do stands in the log."""

import pytest

from agencies import invitations, team
from agencies.models import Agency, Invitation, Membership
from agencies.opening import open_agency
from audit.models import AuditEntry
from people.models import User
from tests.portal.dashboard.conftest import Dashboard
from tests.support.portal import text_of

pytestmark = pytest.mark.django_db


def place(agency: Agency, email: str) -> Membership:
    return Membership.objects.get(agency=agency, user__email=email)


def roles(agency: Agency) -> dict[str, str]:
    return {each.user.email: each.role for each in team.members(agency.pk)}


def said(answer: object, dashboard: Dashboard) -> str:
    assert answer.status_code == 302  # type: ignore[attr-defined]
    return text_of(dashboard.browser.get(answer.headers["Location"]))  # type: ignore[attr-defined]


def test_everybody_sees_the_team_and_only_owners_the_buttons(ada: Dashboard, mia: Dashboard) -> None:
    for dashboard in (ada, mia):
        assert "manager@acme.test" in text_of(dashboard.get("team/"))
    assert "Send invitation" in text_of(ada.get("team/"))
    assert "Send invitation" not in text_of(mia.get("team/"))


def test_a_manager_changes_nothing_of_the_team(mia: Dashboard, acme: Agency) -> None:
    owner = place(acme, "ada@acme.test").pk
    for path, form in (
        ("team/invite/", {"email": "eve@acme.test", "role": "owner"}),
        (f"team/members/{owner}/role/", {"role": "viewer"}),
        (f"team/members/{owner}/remove/", {}),
        (f"team/members/{owner}/offer/", {}),
    ):
        assert mia.post(path, **form).status_code == 403
    assert roles(acme) == {"ada@acme.test": "owner", "manager@acme.test": "manager"}


def test_an_owner_invites_sends_again_and_revokes(ada: Dashboard, acme: Agency) -> None:
    assert "on its way to eve@acme.test" in said(ada.post("team/invite/", email="eve@acme.test", role="viewer"), ada)
    invitation = Invitation.objects.get()
    assert "Another mail" in said(ada.post(f"team/invitations/{invitation.pk}/again/"), ada)
    assert "lets nobody in" in said(ada.post(f"team/invitations/{invitation.pk}/revoke/"), ada)
    assert ada.post(f"team/invitations/{invitation.pk}/revoke/").status_code == 404
    written = list(AuditEntry.objects.order_by("number").values_list("what", flat=True))
    assert written == ["team.invited", "team.invited_again", "team.invitation_revoked"]
    assert AuditEntry.objects.get(number=1).after == {"invited eve@acme.test": "viewer"}


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"email": "", "role": "viewer"}, "Type the address"),
        ({"email": "nonsense", "role": "viewer"}, "valid email"),
        ({"email": "ada@acme.test", "role": "viewer"}, "in your team already"),
        ({"email": "eve@acme.test", "role": "king"}, "not one of the available choices"),
    ],
)
def test_a_wrong_invitation_is_explained(ada: Dashboard, form: dict[str, str], sentence: str) -> None:
    answer = ada.post("team/invite/", **form)
    assert answer.status_code == 200
    assert sentence in text_of(answer)
    assert not Invitation.objects.exists()


def test_an_owner_changes_a_role_and_removes_somebody(ada: Dashboard, mia: Dashboard, acme: Agency) -> None:
    member = place(acme, "manager@acme.test").pk
    assert "the role Viewer" in said(ada.post(f"team/members/{member}/role/", role="viewer"), ada)
    assert mia.post("brand/", company_name="Mine").status_code == 403
    assert "cannot open this dashboard" in said(ada.post(f"team/members/{member}/remove/"), ada)
    assert mia.get("team/").status_code == 404
    changed, removed = AuditEntry.objects.order_by("number")
    assert (changed.before, changed.after) == ({"manager@acme.test": "manager"}, {"manager@acme.test": "viewer"})
    assert (removed.subject, removed.after) == ("manager@acme.test", {})


def test_the_last_owner_stays(ada: Dashboard, acme: Agency) -> None:
    assert "needs an owner" in said(ada.post("team/leave/"), ada)
    member = place(acme, "ada@acme.test").pk
    assert "needs an owner" in said(ada.post(f"team/members/{member}/role/", role="viewer"), ada)
    assert roles(acme) == {"ada@acme.test": "owner"}
    assert not AuditEntry.objects.exists()


def test_anybody_may_leave(vic: Dashboard, acme: Agency) -> None:
    assert vic.post("team/leave/").headers["Location"] == "/agencies/"
    assert roles(acme) == {"ada@acme.test": "owner"}
    assert AuditEntry.objects.get().what == "team.left"


def test_an_agency_is_handed_over_on_the_page(ada: Dashboard, mia: Dashboard, acme: Agency) -> None:
    member = place(acme, "manager@acme.test").pk
    assert "Take the offer back" in said(ada.post(f"team/members/{member}/offer/"), ada)
    assert "Become the owner" in text_of(mia.get("team/"))
    assert "You own this agency now" in said(mia.post("team/offer/", answer="yes"), mia)
    assert roles(acme) == {"ada@acme.test": "manager", "manager@acme.test": "owner"}


def test_the_menu_leads_to_ones_other_agencies(ada: Dashboard, globex: Agency) -> None:
    open_agency(slug="second", company_name="Second Voice", owner=User.objects.get(email="ada@acme.test"))
    page = ada.get("overview/").content.decode()
    assert 'href="/agencies/second/"' in page
    assert "Second Voice" in page
    assert "Globex" not in page


def test_many_invitations_in_an_hour_are_too_many(ada: Dashboard, acme: Agency) -> None:
    answers = [ada.post("team/invite/", email=f"p{number}@acme.test", role="viewer") for number in range(31)]
    assert answers[-1].status_code == 429
    assert len(invitations.open_of(acme.pk)) == invitations.MOST_OPEN
