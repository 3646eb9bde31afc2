"""Mails in the brand: a test of each kind, and the agency's own server, tried first, fallen back from when it fails."""

import json
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from agencies.models import Agency
from audit.models import AuditEntry
from branding import mail_servers
from branding.models import Branding, MailServer
from follow_ups.models import FollowUp
from portal import mail_samples, mailing
from portal.jobs import KINDS
from tenancy import door
from tests.support import mail_server
from tests.support.mail_server import PASSWORD, USERNAME

pytestmark = pytest.mark.django_db


@pytest.fixture
def theirs(settings: Any) -> Iterator[mail_server.MailServer]:
    settings.OUTSIDE_NETWORKS = [ip_network("127.0.0.0/8")]
    with mail_server.running() as found:
        yield found


def typed(port: int, **other: Any) -> dict[str, Any]:
    return {
        "host": "127.0.0.1",
        "port": port,
        "security": "plain",
        "username": USERNAME,
        "password": PASSWORD,
        "from_address": "hello@acme.test",
        **other,
    }


def send(agency: Agency, to: str = "ben@client.test") -> None:
    mailing.deliver(agency, mail_samples.written(agency, "receipt", to=to))


def row() -> MailServer:
    return MailServer.objects.get()


@pytest.mark.parametrize("kind", list(mail_samples.SAMPLES))
def test_a_test_of_each_mail_is_sent_by_a_job_to_whoever_asks(ada, acme, kind: str) -> None:
    Branding.objects.filter(agency=acme).update(
        primary_color="#fff3a0",
        support_email="help@acme.test",
        terms_url="https://acme.test/terms",
        pictures={"logo": {"digest": "a" * 32, "width": 300, "height": 80}},
    )
    assert ada.post("brand/mails/test/", kind=kind).status_code == 302
    asked = FollowUp.objects.get(kind="test_mail")
    assert mail.outbox == []
    with door.enter(acme):
        assert KINDS[asked.kind](asked.subject) is None
    (message,) = mail.outbox
    assert message.to == ["ada@acme.test"]
    assert message.from_email.startswith("Acme Voice <")
    assert message.reply_to == ["help@acme.test"]
    html = str(message.alternatives[0][0])
    # The logo by an absolute link on the portal's own host, and a page that reads in the dark.
    assert f'src="http://acme.portal.localhost/brand/{"a" * 32}.png"' in html.replace(":8000", "")
    assert "prefers-color-scheme: dark" in html
    for words in ("https://acme.test/terms", "help@acme.test"):
        assert words in html
        assert words in message.body
    if kind in ("receipt", "password"):
        assert "background-color:#fff3a0" in html


def test_a_server_that_takes_a_mail_is_kept_with_its_password_sealed(ada, acme, theirs) -> None:
    answer = ada.post("brand/mails/server/", **typed(theirs.port))
    assert answer.status_code == 302
    (tried,) = theirs.mails
    assert (tried["To"], tried["From"]) == ("ada@acme.test", "Acme Voice <hello@acme.test>")
    assert PASSWORD.encode() not in bytes(row().password_sealed)
    page = ada.get("brand/mails/").content.decode()
    assert PASSWORD not in page
    assert "Working" in page


def test_a_server_is_written_into_the_log_without_its_password(ada, theirs) -> None:
    ada.post("brand/mails/server/", **typed(theirs.port, password="wrong"))
    ada.post("brand/mails/server/", **typed(theirs.port))
    ada.post("brand/mails/server/remove/")
    kept, removed = AuditEntry.objects.order_by("number")
    assert (kept.what, kept.after["from_address"]) == ("mail_server.changed", "hello@acme.test")
    assert (removed.what, removed.before["username"]) == ("mail_server.removed", USERNAME)
    assert PASSWORD not in str(list(AuditEntry.objects.values()))


def test_who_was_asked_long_ago_is_asked_again_before_a_server_is_kept(ada, theirs) -> None:
    session = ada.browser.session
    session["account_authentication_methods"] = []
    session.save()
    page = ada.post("brand/mails/server/", **typed(theirs.port))
    assert "proof_password" in page.content.decode()
    assert PASSWORD not in page.content.decode()
    assert theirs.mails == []


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"password": "wrong"}, "password", "does not take this user name and password"),
        ({"security": "starttls"}, "security", "does not encrypt"),
        ({"port": 9}, "host", "Nobody answers"),
        ({"host": "10.0.0.1"}, "host", "private network"),
        ({"password": ""}, "password", "Type the password"),
        ({"from_address": "hello"}, "from_address", "valid email"),
    ],
)
def test_a_server_that_does_not_take_it_is_not_kept(
    ada, theirs, change: dict[str, Any], field: str, words: str
) -> None:
    answer = ada.post("brand/mails/server/", **{**typed(theirs.port), **change})
    assert answer.status_code == 200
    assert words in " ".join(answer.context["server_form"].errors[field])
    assert PASSWORD not in answer.content.decode()
    assert not MailServer.objects.exists()


def test_an_address_that_the_server_refuses_is_said_beside_it(ada, theirs) -> None:
    theirs.refuses["MAIL"] = "553 not yours"
    answer = ada.post("brand/mails/server/", **typed(theirs.port))
    assert "does not let you send from this address" in str(answer.context["server_form"].errors["from_address"])


def test_a_blank_password_is_the_saved_one_for_the_same_server_only(ada, theirs) -> None:
    ada.post("brand/mails/server/", **typed(theirs.port))
    assert (
        ada.post("brand/mails/server/", **typed(theirs.port, password="", from_address="b@acme.test")).status_code
        == 302
    )
    assert row().from_address == "b@acme.test"
    moved = ada.post("brand/mails/server/", **typed(theirs.port, password="", host="127.0.0.2"))
    assert "for the same server only" in str(moved.context["server_form"].errors["password"])


def test_mails_go_through_the_agencys_server_and_name_nobody_else(ada, acme, theirs, settings) -> None:
    ada.post("brand/mails/server/", **typed(theirs.port))
    send(acme)
    assert mail.outbox == []
    sent = theirs.mails[-1]
    assert (sent["To"], sent["From"]) == ("ben@client.test", "Acme Voice <hello@acme.test>")
    assert sent["Message-ID"].endswith("@acme.test>")
    assert settings.PLATFORM_NAME not in str(sent["From"])
    assert row().last_sent_at is not None


def test_a_server_that_fails_is_fallen_back_from_and_rests(ada, acme, theirs) -> None:
    ada.post("brand/mails/server/", **typed(theirs.port))
    theirs.refuses["DATA"] = "554 quota"
    for _ in range(3):
        send(acme)
    assert [message.to for message in mail.outbox] == [["ben@client.test"]] * 3
    # Tried once: whoever signs in does not wait for it each time.
    assert theirs.sessions == 2
    page = ada.get("brand/mails/").content.decode()
    assert "Not working" in page
    assert "The server refused the mail." in page
    theirs.refuses.clear()
    MailServer.objects.update(failed_at=timezone.now() - timedelta(minutes=6))
    send(acme)
    assert (len(mail.outbox), row().failed_at, row().failure) == (3, None, "")


def test_an_address_that_nobody_has_says_nothing_of_the_server(ada, acme, theirs) -> None:
    ada.post("brand/mails/server/", **typed(theirs.port))
    theirs.refuses["RCPT"] = "550 nobody"
    send(acme)
    assert (len(mail.outbox), row().failed_at) == (1, None)


def test_the_mail_with_the_code_goes_through_it_as_well(ada, acme, theirs) -> None:
    Agency.objects.filter(pk=acme.pk).update(portal_is_on=True, portal_on_since=timezone.now())
    ada.post("brand/mails/server/", **typed(theirs.port))
    portal = Client(HTTP_HOST="acme.portal.localhost")
    new = {"email": "new@client.test", "name": "New", "password1": "a long enough password"}
    assert portal.post("/account/signup/", new).status_code == 302
    assert theirs.mails[-1]["To"] == "new@client.test"
    assert mail.outbox == []


def test_what_we_send_ourselves_does_not_name_this_machine(acme, settings) -> None:
    send(acme)
    sent = mail.outbox[0].message()
    domain = settings.DEFAULT_FROM_EMAIL.rstrip(">").rpartition("@")[2]
    assert str(sent["Message-ID"]).endswith(f"@{domain}>")


def test_removing_it_forgets_the_password(ada, acme, theirs) -> None:
    ada.post("brand/mails/server/", **typed(theirs.port))
    assert ada.post("brand/mails/server/remove/").status_code == 302
    assert not MailServer.objects.exists()
    send(acme)
    assert len(mail.outbox) == 1


def test_only_the_owner_may_change_the_server(mia, vic, theirs) -> None:
    for path in ("brand/mails/server/", "brand/mails/server/remove/"):
        assert mia.post(path, **typed(theirs.port)).status_code == 403
    assert vic.post("brand/mails/test/", kind="code").status_code == 403
    assert mia.post("brand/mails/test/", kind="code").status_code == 302
    assert theirs.sessions == 0


def test_encryption_is_optional_only_where_the_operator_allows_a_network(ada, settings) -> None:
    settings.OUTSIDE_NETWORKS = []
    choices = ada.get("brand/mails/").context["server_form"].fields["security"].choices
    assert [value for value, _label in choices] == ["tls", "starttls"]


def test_every_reason_has_a_sentence_and_a_field() -> None:
    sentences = {mail_servers.why(reason) for reason in mail_servers.Why}
    assert len(sentences) == len(mail_servers.Why)
    assert "" not in sentences
    assert json.dumps([mail_servers.field_of(reason) for reason in mail_servers.Why])
