"""The second factor: set up once, asked for at every sign-in, sealed at rest, taken away by an operator alone."""

import re
import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client as Visitor

from agencies.models import Agency, Membership
from agencies.opening import open_agency
from audit.models import AuditEntry
from people.models import User
from tenancy import door
from tests.support.portal import text_of
from vault import envelope

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough secret"


@pytest.fixture(autouse=True)
def needed(settings: Any) -> None:
    settings.OWNERS_NEED_SECOND_FACTOR = True


@pytest.fixture
def olga(db: None) -> User:
    """An owner who has signed up and has not come back yet."""
    user = User.objects.create_user("olga@olga.test", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    open_agency(slug="olga", company_name="Olga Voice", owner=user)
    return user


def sign_in(password: str = PASSWORD) -> tuple[Visitor, Any]:
    browser = Visitor(HTTP_HOST="portal.localhost")
    return browser, browser.post("/account/login/", {"login": "olga@olga.test", "password": password})


def code_of(secret: str) -> str:
    return auth.format_hotp_value(auth.hotp_value(secret, int(time.time()) // 30))


def set_up(browser: Visitor) -> str:
    """Set it up on the page; the key."""
    page = browser.get("/account/2fa/totp/activate/").content.decode()
    secret = re.search(r'id="second-factor-key">([A-Z2-7]{32})<', page)[1]
    answer = browser.post("/account/2fa/totp/activate/", {"code": code_of(secret)})
    assert answer.headers["Location"] == "/account/2fa/recovery-codes/"
    cache.clear()
    return secret


def recovery_codes(browser: Visitor) -> list[str]:
    return re.findall(r'<li class="ui-mono">(\d{8})</li>', browser.get("/account/2fa/recovery-codes/").content.decode())


def test_the_first_sign_in_asks_for_none(olga: User) -> None:
    browser, answer = sign_in()
    assert answer.headers["Location"] == "/agencies/olga/"
    assert browser.get("/agencies/olga/set-up/").status_code == 200


def test_an_owner_sets_it_up_from_the_second_sign_in_and_comes_back(olga: User) -> None:
    sign_in()
    browser, _answer = sign_in()
    assert browser.get("/agencies/olga/brand/?x=1").headers["Location"] == "/account/2fa/totp/activate/"
    assert browser.post("/agencies/olga/brand/", {"company_name": "X"}).status_code == 302
    set_up(browser)
    page = browser.get("/account/2fa/recovery-codes/").content.decode()
    assert 'href="/agencies/olga/"' in page
    assert browser.get("/agencies/olga/brand/").status_code == 200


def test_managers_and_viewers_are_not_made_to(olga: User) -> None:
    Membership.objects.filter(user=olga).update(role=Membership.Role.MANAGER)
    sign_in()
    browser, _answer = sign_in()
    assert browser.get("/agencies/olga/brand/").status_code == 200


def test_signing_in_takes_the_code_from_then_on(olga: User) -> None:
    browser, _answer = sign_in()
    secret = set_up(browser)
    browser, answer = sign_in()
    assert answer.headers["Location"] == "/account/2fa/authenticate/"
    assert browser.get("/agencies/olga/brand/").headers["Location"].startswith("/account/login/")
    before = browser.cookies["session"].value
    assert browser.post("/account/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert (
        browser.post("/account/2fa/authenticate/", {"code": code_of(secret)}).headers["Location"] == "/agencies/olga/"
    )
    assert browser.cookies["session"].value != before
    assert browser.get("/agencies/olga/brand/").status_code == 200


def test_a_code_is_good_once(olga: User) -> None:
    browser, _answer = sign_in()
    secret = set_up(browser)
    code = code_of(secret)
    first, _answer = sign_in()
    assert first.post("/account/2fa/authenticate/", {"code": code}).status_code == 302
    second, _answer = sign_in()
    assert second.post("/account/2fa/authenticate/", {"code": code}).status_code == 200


def test_recovery_codes_are_shown_once_and_each_is_good_once(olga: User) -> None:
    browser, _answer = sign_in()
    set_up(browser)
    codes = recovery_codes(browser)
    assert len(set(codes)) == 10
    assert recovery_codes(browser) == []
    for expected in (302, 200):
        other, _answer = sign_in()
        assert other.post("/account/2fa/authenticate/", {"code": codes[0]}).status_code == expected


def test_a_new_password_does_not_do_without_it(olga: User) -> None:
    browser, _answer = sign_in()
    set_up(browser)
    browser = Visitor(HTTP_HOST="portal.localhost")
    browser.post("/account/password/reset/", {"email": "olga@olga.test"})
    path = re.search(r"http://portal\.localhost(?::\d+)?(/account/password/reset/key/\S+)", mail.outbox[-1].body)[1]
    path = browser.get(path).headers["Location"]
    assert (
        browser.post(path, {"password1": "another long secret", "password2": "another long secret"}).status_code == 302
    )
    assert browser.get("/agencies/olga/").headers["Location"].startswith("/account/login/")
    _browser, answer = sign_in("another long secret")
    assert answer.headers["Location"] == "/account/2fa/authenticate/"


def test_its_secrets_are_sealed(olga: User) -> None:
    browser, _answer = sign_in()
    secret = set_up(browser)
    kept = {row.type: row.data for row in Authenticator.objects.filter(user=olga)}
    assert secret not in str(kept)
    totp, codes = kept["totp"]["secret"], kept["recovery_codes"]["seed"]
    from portal.second_factor import Adapter

    assert Adapter().decrypt(totp) == secret
    assert Adapter().decrypt(codes)


def test_what_was_sealed_on_the_platform_does_not_open_in_an_agency(acme: Agency, globex: Agency) -> None:
    from portal.second_factor import Adapter

    on_platform = Adapter().encrypt("a secret")
    with door.enter(acme):
        in_acme = Adapter().encrypt("a secret")
        assert Adapter().decrypt(in_acme) == "a secret"
        with pytest.raises(envelope.CannotOpen):
            Adapter().decrypt(on_platform)
    with door.enter(globex), pytest.raises(envelope.CannotOpen):
        Adapter().decrypt(in_acme)


def test_keys_of_the_vault_can_be_exchanged_under_it(olga: User, settings: Any) -> None:
    browser, _answer = sign_in()
    secret = set_up(browser)
    old = settings.VAULT_KEYS
    settings.VAULT_KEYS = ["bmV3" * 10 + "bmU=", *old]
    call_command("rotate_vault_keys")
    settings.VAULT_KEYS = settings.VAULT_KEYS[:1]
    other, _answer = sign_in()
    assert other.post("/account/2fa/authenticate/", {"code": code_of(secret)}).status_code == 302


def test_an_owner_does_not_go_without(olga: User) -> None:
    browser, _answer = sign_in()
    set_up(browser)
    assert "Owners of an agency need a second factor" in text_of(browser.get("/account/2fa/totp/deactivate/"))
    browser.post("/account/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(user=olga, type="totp").exists()


def test_setting_up_and_new_codes_stand_in_the_log(olga: User, django_capture_on_commit_callbacks: Any) -> None:
    browser, _answer = sign_in()
    with django_capture_on_commit_callbacks(execute=True):
        set_up(browser)
    with django_capture_on_commit_callbacks(execute=True):
        browser.post("/account/2fa/recovery-codes/generate/")
    written = list(AuditEntry.objects.order_by("number").values_list("what", flat=True))
    assert written == ["member.signed_in", "second_factor.added", "second_factor.codes_made"]


def test_an_operator_takes_it_away_with_a_reason_in_the_log(olga: User) -> None:
    browser, _answer = sign_in()
    set_up(browser)
    User.objects.create_user("op@platform.test", is_operator=True)
    call_command("reset_second_factor", "olga@olga.test", by="op@platform.test", reason="phone lost, called back")
    assert not Authenticator.objects.filter(user=olga).exists()
    entry = AuditEntry.objects.get(what="second_factor.reset")
    assert (entry.actor_kind, entry.actor_email) == ("operator", "op@platform.test")
    assert (entry.subject, entry.after) == ("olga@olga.test", {"why": "phone lost, called back"})
    again, answer = sign_in()
    assert answer.headers["Location"] == "/agencies/olga/"
    assert again.get("/agencies/olga/").headers["Location"] == "/account/2fa/totp/activate/"


@pytest.mark.parametrize(
    ("email", "by", "reason"),
    [
        ("nobody@olga.test", "op@platform.test", "x"),
        ("olga@olga.test", "olga@olga.test", "x"),
        ("olga@olga.test", "op@platform.test", " "),
        ("olga@olga.test", "op@platform.test", "has none"),
    ],
)
def test_a_reset_needs_a_member_an_operator_and_a_reason(olga: User, email: str, by: str, reason: str) -> None:
    User.objects.create_user("op@platform.test", is_operator=True)
    with pytest.raises(CommandError):
        call_command("reset_second_factor", email, by=by, reason=reason)
    assert not AuditEntry.objects.exists()
