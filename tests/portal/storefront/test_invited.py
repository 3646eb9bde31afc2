"""From the mail of an invitation to the first page as a client."""

import re

import pytest
from django.core import mail
from django.test import Client as Visitor

from agencies import client_invitations
from agencies.models import Agency, ClientInvitation
from audit.models import AuditEntry
from billing import wallets
from branding.models import Branding
from clients.models import Client
from portal.jobs import KINDS
from tenancy import door
from tests.portal.dashboard.conftest import Dashboard
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
ACME, GLOBEX = "acme.portal.localhost", "globex.portal.localhost"
TYPED = {"name": "Zoe Zeta", "password": "a long enough password"}


@pytest.fixture
def ada(cast: Cast) -> Dashboard:
    return Dashboard(cast.public["ada"])


@pytest.fixture
def path(ada: Dashboard, acme: Agency) -> str:
    """The link in the mail that Ada's invitation sends."""
    ada.post("clients/invite/", email="zoe@new.test", name="Zoe", credits="5")
    return mailed(acme)


def mailed(acme: Agency) -> str:
    Branding.objects.filter(agency=acme).update(support_email="help@acme.test")
    with door.enter(acme):
        made = ClientInvitation.objects.get(email="zoe@new.test")
        assert KINDS["client_invitation"](str(made.pk)) is None
    found = re.search(rf"http://{ACME}\S*?(/invitation/\w+/)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_the_mail_wears_the_brand_and_the_link_needs_no_code(path: str, acme: Agency, ada: Dashboard) -> None:
    sent = mail.outbox[-1]
    assert sent.subject == f"{acme.branding.company_name} invites you"
    assert (sent.to, sent.reply_to) == (["zoe@new.test"], ["help@acme.test"])
    assert "5 credits are waiting" in str(sent.body)
    zoe = Visitor(HTTP_HOST=ACME)
    page = zoe.get(path).content.decode()
    assert "zoe@new.test" in page
    assert 'value="Zoe"' in page
    answer = zoe.post(path, {**TYPED, "email": "other@evil.test"}, follow=True)
    assert answer.request["PATH_INFO"] == "/"
    with door.enter(acme):
        client = Client.objects.get(email="zoe@new.test")
        assert wallets.get(client.pk).balance == 300
    assert zoe.get("/statement/").status_code == 200
    assert len(mail.outbox) == 1
    assert AuditEntry.objects.filter(what="client.joined", subject=client.name, actor_email="zoe@new.test").exists()
    assert b"5 welcome credits" not in ada.get("clients/").content
    assert Visitor(HTTP_HOST=ACME).get(path).status_code == 404


def test_a_link_opens_nothing_on_another_portal(path: str) -> None:
    answer = Visitor(HTTP_HOST=GLOBEX).post(path, TYPED)
    assert answer.status_code == 404
    assert b"This invitation is over" in answer.content


def test_a_weak_password_is_explained_and_nothing_is_used_up(path: str, acme: Agency) -> None:
    page = Visitor(HTTP_HOST=ACME).post(path, {"name": "Zoe", "password": "short"})
    assert page.status_code == 200
    assert page.context["form"].errors["password"]
    assert Visitor(HTTP_HOST=ACME).post(path, TYPED).status_code == 302


def test_somebody_else_who_is_signed_in_does_not_use_it_up(path: str, cast: Cast, acme: Agency) -> None:
    ben = cast.on_portal_of_acme("ben")
    assert b"You are signed in as" in ben.post(path, TYPED).content
    with door.enter(acme):
        assert not Client.objects.filter(email="zoe@new.test").exists()


def test_a_client_is_not_invited_again(ada: Dashboard) -> None:
    page = ada.post("clients/invite/", email="ben@client.test", name="Ben", credits="")
    assert "your client already" in str(page.context["form"].errors["email"])
    assert 'value="ben@client.test"' in page.content.decode()


def test_pending_ones_stand_below_the_table_and_can_be_withdrawn_or_sent_again(
    path: str, ada: Dashboard, acme: Agency
) -> None:
    page = ada.get("clients/").content.decode()
    assert "zoe@new.test" in page
    assert "5 welcome credits" in page
    made = ClientInvitation.objects.get(email="zoe@new.test")
    ada.post(f"clients/invited/{made.pk}/again/")
    assert Visitor(HTTP_HOST=ACME).get(path).status_code == 404
    again = mailed(acme)
    assert Visitor(HTTP_HOST=ACME).get(again).status_code == 200
    ada.post(f"clients/invited/{made.pk}/withdraw/")
    assert Visitor(HTTP_HOST=ACME).get(again).status_code == 404
    assert b'id="invited"' not in ada.get("clients/", search="x").content
    with door.enter(acme):
        assert [each.email for each in client_invitations.pending()] == ["somebody@asked.test"]
    said = set(AuditEntry.objects.filter(what__startswith="client.inv").values_list("what", flat=True))
    assert said == {"client.invited", "client.invited_again", "client.invitation_withdrawn"}


def test_many_credits_are_promised_only_by_somebody_who_was_asked_again(ada: Dashboard) -> None:
    session = ada.browser.session
    session["account_authentication_methods"] = []
    session.save()
    ada.post("clients/invite/", email="zoe@new.test", name="Zoe", credits="101")
    assert not ClientInvitation.objects.filter(email="zoe@new.test").exists()
    ada.post("clients/invite/", email="zoe@new.test", name="Zoe", credits="100")
    assert ClientInvitation.objects.filter(email="zoe@new.test").exists()


def test_a_portal_that_is_off_lets_nobody_in(path: str, acme: Agency) -> None:
    Agency.objects.filter(pk=acme.pk).update(portal_is_on=False)
    assert Visitor(HTTP_HOST=ACME).post(path, TYPED).status_code == 503
    with door.enter(acme):
        assert client_invitations.pending()
