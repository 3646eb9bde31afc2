"""Mails wear the brand of their host and link to its stored address; whoever signs in on a portal is its client."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from agencies.models import Agency
from clients.models import Client as Customer
from clients.models import ClientMember
from organizations.models import Organization
from people.models import User
from tenancy import door

pytestmark = pytest.mark.django_db
ACME = "acme.portal.localhost"
PASSWORD = "a long enough secret"


@pytest.fixture
def open_acme(acme: Agency) -> Agency:
    Agency.objects.filter(pk=acme.pk).update(portal_is_on=True, portal_on_since=timezone.now())
    acme.branding.support_email = "help@acme.test"
    acme.branding.save()
    return acme


def sign_up(host: str = ACME, **changed: str) -> Client:
    browser = Client(HTTP_HOST=host)
    form = {"name": "Ben", "email": "ben@client.test", "password1": PASSWORD, **changed}
    browser.post("/account/signup/", form)
    return browser


def enter_code(browser: Client):
    code = re.search(r"^\s+([A-Z0-9]+-[A-Z0-9]+)$", mail.outbox[-1].body, re.MULTILINE)[1]
    return browser.post("/account/confirm-email/", {"code": code})


def test_a_client_is_made_when_the_address_is_proved(open_acme: Agency) -> None:
    browser = sign_up()
    with door.enter(open_acme):
        assert not Customer.objects.exists()
    assert enter_code(browser).headers["Location"] == "/"
    with door.enter(open_acme):
        assert Customer.objects.get().name == "Ben"
        assert Organization.objects.get().state == Organization.State.WANTED


def test_signing_in_again_makes_no_second_client(open_acme: Agency) -> None:
    enter_code(sign_up())
    cache.clear()
    again = Client(HTTP_HOST=ACME)
    again.post("/account/login/", {"login": "Ben@Client.test", "password": PASSWORD})
    with door.enter(open_acme):
        assert (Customer.objects.count(), ClientMember.objects.count()) == (1, 1)


def test_who_has_no_client_yet_gets_one_at_the_next_sign_in(open_acme: Agency) -> None:
    with door.enter(open_acme):
        ben = User.objects.create_user("ben@client.test", PASSWORD, name="Ben")
        ben.emailaddress_set.create(email=ben.email, verified=True, primary=True)
    Client(HTTP_HOST=ACME).post("/account/login/", {"login": ben.email, "password": PASSWORD})
    with door.enter(open_acme):
        assert Customer.objects.get().email == "ben@client.test"


def test_the_mail_wears_the_agencys_brand(open_acme: Agency) -> None:
    sign_up()
    sent = mail.outbox[-1]
    assert sent.from_email == "Acme Voice <hello@portal.localhost>"
    assert sent.reply_to == ["help@acme.test"]
    assert "Acme Voice" in sent.subject
    assert "Portal" not in sent.body
    assert "Portal" not in sent.alternatives[0].content


def test_links_in_mails_lead_to_the_stored_host_whatever_was_asked(open_acme: Agency, settings) -> None:
    settings.PUBLIC_PORT = "8000"
    enter_code(sign_up())
    cache.clear()
    Client(HTTP_HOST="ACME.portal.localhost:6666").post("/account/password/reset/", {"email": "ben@client.test"})
    assert "http://acme.portal.localhost:8000/account/password/reset/key/" in mail.outbox[-1].body
    assert "6666" not in mail.outbox[-1].body


def test_links_use_the_agencys_own_domain_once_it_is_the_primary_one(open_acme: Agency) -> None:
    enter_code(sign_up())
    cache.clear()
    open_acme.domains.update(is_primary=False)
    open_acme.domains.create(domain="voice.acme.test", kind="custom", state="active", token="t", is_primary=True)
    Client(HTTP_HOST="voice.acme.test").post("/account/password/reset/", {"email": "ben@client.test"})
    assert "http://voice.acme.test" in mail.outbox[-1].body


def test_s11_links_in_mails_never_lead_to_a_host_that_was_only_asked(open_acme: Agency) -> None:
    """A domain that is served and not primary leads on before any mail is made; any other makes none."""
    enter_code(sign_up())
    cache.clear()
    sent = len(mail.outbox)
    open_acme.domains.create(domain="voice.acme.test", kind="custom", state="failing", token="t")
    for host in ("voice.acme.test", "evil.test", "acme.portal.localhost.evil.test", "acme.portal.localhost@evil.test"):
        answer = Client(HTTP_HOST=host).post("/account/password/reset/", {"email": "ben@client.test"})
        assert answer.status_code in (308, 404)
    assert len(mail.outbox) == sent


@pytest.mark.parametrize(
    "onward",
    [
        "//evil.test/",
        "///evil.test/",
        "/\\evil.test/",
        "\\evil.test",
        "https:evil.test",
        "https:/evil.test/",
        "http://evil.test/",
        "http://acme.portal.localhost.evil.test/",
        "http://acme.portal.localhost@evil.test/",
        "http://globex.portal.localhost/",
        "http://voice.acme.test/",
        "javascript:alert(1)",
        "\t//evil.test",
    ],
)
def test_s12_nobody_is_led_to_another_host_after_signing_in(open_acme: Agency, onward: str) -> None:
    enter_code(sign_up())
    open_acme.domains.create(domain="voice.acme.test", kind="custom", state="active", token="t")
    cache.clear()
    form = {"login": "ben@client.test", "password": PASSWORD, "next": onward}
    answer = Client(HTTP_HOST=ACME).post("/account/login/", form)
    assert answer.status_code == 302
    assert urlsplit(urljoin(f"http://{ACME}/account/login/", answer.headers["Location"])).netloc == ACME


def test_s12_the_path_that_was_asked_for_is_found_again_after_signing_in(open_acme: Agency) -> None:
    enter_code(sign_up())
    cache.clear()
    form = {"login": "ben@client.test", "password": PASSWORD, "next": "/buy/?package=2"}
    assert Client(HTTP_HOST=ACME).post("/account/login/", form).headers["Location"] == "/buy/?package=2"


def test_an_address_nobody_has_is_told_how_to_sign_up_here(open_acme: Agency) -> None:
    Client(HTTP_HOST=ACME).post("/account/password/reset/", {"email": "nobody@client.test"})
    assert "acme.portal.localhost" in mail.outbox[-1].body
    assert "Acme Voice" in mail.outbox[-1].body


def test_a_closed_portal_takes_nobody_new(acme: Agency) -> None:
    page = Client(HTTP_HOST=ACME).get("/account/signup/")
    assert b'name="password1"' not in page.content
    sign_up()
    with door.enter(acme):
        assert not User.objects.exists()


def test_operators_do_not_sign_up() -> None:
    assert b'name="password1"' not in Client(HTTP_HOST="operators.localhost").get("/account/signup/").content


def test_a_reset_link_of_one_agency_is_worth_nothing_at_another(open_acme: Agency, globex: Agency) -> None:
    enter_code(sign_up())
    cache.clear()
    Client(HTTP_HOST=ACME).post("/account/password/reset/", {"email": "ben@client.test"})
    path = re.search(r"localhost\S*?(/account/password/reset/key/\S+)", mail.outbox[-1].body)[1]
    assert b"action" in Client(HTTP_HOST=ACME).get(path, follow=True).content
    page = Client(HTTP_HOST="globex.portal.localhost").get(path, follow=True)
    assert b'name="password1"' not in page.content


def wrong_password(browser: Client, login: str):
    return browser.post("/account/login/", {"login": login, "password": "not the password"})


def test_spelling_the_address_or_the_host_in_other_ways_buys_no_further_attempts(open_acme: Agency) -> None:
    for number in range(5):
        host = f"{ACME}:{8000 + number}"
        wrong_password(Client(HTTP_HOST=host), ["ben@client.test", "BEN@client.test", "Ben@Client.Test"][number % 3])
    page = wrong_password(Client(HTTP_HOST=f"{ACME}."), "bEn@client.test")
    assert "Too many failed login attempts" in page.content.decode()


def test_failed_attempts_at_one_agency_lock_nobody_out_of_another(open_acme: Agency) -> None:
    for _number in range(6):
        wrong_password(Client(HTTP_HOST=ACME), "ceo@client.test")
    page = wrong_password(Client(HTTP_HOST="globex.portal.localhost"), "ceo@client.test")
    assert "Too many" not in page.content.decode()
