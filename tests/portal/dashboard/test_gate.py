"""Before what matters most: a second factor for keys, and the password once more when it was long ago."""

import re
import time
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth

from agencies.models import Agency
from audit.models import AuditEntry
from clients.models import Client
from people.models import User
from portal.dashboard.urls import urlpatterns
from tenancy import door
from tests.portal.dashboard.conftest import Dashboard
from tests.support.portal import text_of
from vault.models import StripeConnection

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough secret"
ASKED = {
    "payments", "payments_webhook", "hms", "organization_key", "client_tokens", "revoke_token", "slug", "domain_add",
    "domain_primary", "domain_release", "allocate", "team_invite", "team_bound", "team_leave", "invitation_again",
    "invitation_revoke", "member_role", "member_remove", "ownership_offer", "ownership_answer",
    "organization_providers_new", "organization_providers_remove", "brand_mail_server", "brand_mail_server_remove",
    "leaving_export", "leaving_fetch", "leaving_close", "leaving_keep",
    "client_leaving_export", "client_leaving_fetch", "client_leaving_erase",
    "client_invite", "client_visits",
}  # fmt: skip


@pytest.fixture
def owner(ada: Dashboard) -> User:
    """Ada, who signed in a quarter of an hour ago."""
    user = User.objects.get(email="ada@acme.test")
    user.set_password(PASSWORD)
    user.save()
    ada.browser.force_login(user)
    session = ada.browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - 601}]
    session.save()
    return user


def hidden(page: Any) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.content.decode())
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def test_what_asks_again_is_what_was_meant() -> None:
    assert {each.name for each in urlpatterns if hasattr(each.callback, "asks_again")} == ASKED


def test_somebody_who_signed_in_lately_is_not_asked(ada: Dashboard) -> None:
    assert (
        ada.post("address/domains/", domain="portal.acme.test")
        .headers["Location"]
        .startswith("/agencies/acme/address/")
    )


def test_what_was_typed_goes_on_after_the_password(ada: Dashboard, owner: User, acme: Agency) -> None:
    page = ada.post("address/domains/", domain="portal.acme.test")
    assert "Is it you?" in text_of(page)
    assert not acme.domains.filter(domain="portal.acme.test").exists()
    kept = hidden(page)
    assert kept["domain"] == "portal.acme.test"
    before = ada.browser.cookies["session"].value
    assert ada.post("address/domains/", **kept, proof_password=PASSWORD).status_code == 302
    assert acme.domains.filter(domain="portal.acme.test").exists()
    assert ada.browser.cookies["session"].value != before
    assert ada.post("address/domains/", domain="second.acme.test").status_code == 302


def test_a_wrong_password_changes_nothing_and_keeps_what_was_typed(ada: Dashboard, owner: User, acme: Agency) -> None:
    page = ada.post("address/domains/", domain="portal.acme.test", proof_password="wrong")
    assert page.status_code == 403
    assert "This is not your password" in text_of(page)
    assert hidden(page)["domain"] == "portal.acme.test"
    assert not acme.domains.filter(domain="portal.acme.test").exists()
    assert not AuditEntry.objects.exists()


def test_guessing_ends(ada: Dashboard, owner: User) -> None:
    for _time in range(10):
        ada.post("team/leave/", proof_password="wrong")
    page = ada.post("team/leave/", proof_password=PASSWORD)
    assert "tried too often" in text_of(page)


def test_a_code_of_the_app_or_a_recovery_code_will_do(ada: Dashboard, owner: User) -> None:
    secret = auth.generate_totp_secret()
    auth.TOTP.activate(owner, secret)
    code = auth.format_hotp_value(auth.hotp_value(secret, int(time.time()) // 30))
    assert "code of your authenticator app" in text_of(ada.post("team/bound/", credits="50"))
    assert ada.post("team/bound/", credits="50", proof_code="12345678").status_code == 403
    assert ada.post("team/bound/", credits="50", proof_code=code).status_code == 302
    assert AuditEntry.objects.get().after == {"asks_again_above_credits": 50}


def test_a_recovery_code_proves_once(ada: Dashboard, owner: User) -> None:
    auth.TOTP.activate(owner, auth.generate_totp_secret())
    code = RecoveryCodes.activate(owner).get_unused_codes()[0]
    assert ada.post("team/bound/", credits="50", proof_code=code).status_code == 302


def test_secrets_are_not_sent_back_and_forth(ada: Dashboard, owner: User) -> None:
    page = ada.post("payments/", publishable_key="pk_test_1", secret_key="sk_test_CANARY0000000000", webhook_secret="")
    assert "put them in once more" in text_of(page)
    assert "CANARY" not in page.content.decode()
    answer = ada.browser.post(
        "/agencies/acme/payments/",
        {**hidden(page), "proof_password": PASSWORD},
        headers={"referer": "http://portal.localhost/agencies/acme/payments/"},
    )
    assert answer.status_code == 302
    assert "paste them once more" in text_of(ada.get("payments/"))
    assert not StripeConnection.objects.exclude(secret_key_mask="").exists()


@pytest.mark.parametrize("told", ["https://evil.test/", "//evil.test", "javascript:alert(1)", ""])
def test_the_way_back_stays_here(ada: Dashboard, owner: User, told: str) -> None:
    page = ada.browser.post("/agencies/acme/team/leave/", {}, headers={"referer": told})
    assert hidden(page)["proof_back"] == "/agencies/acme/"
    page = ada.post("team/leave/", proof_back=told)
    assert "evil" not in page.content.decode()
    assert "javascript" not in page.content.decode()


@pytest.mark.parametrize(("credits", "is_asked"), [("100", False), ("-100", False), ("101", True), ("-100.5", True)])
def test_many_credits_are_asked_about(ada: Dashboard, owner: User, acme: Agency, credits: str, is_asked: bool) -> None:
    with door.enter(acme):
        client = Client.objects.create(name="Ben", email="ben@client.test")
    form = {"amount": credits, "description": "x", "form_token": "0b9c8f3c-7a51-4c5e-8f9c-0123456789ab"}
    page = ada.post(f"clients/{client.pk}/allocate/", **form)
    assert ("Is it you?" in page.content.decode()) is is_asked
    if is_asked:
        assert hidden(page)["form_token"] == form["form_token"]


@pytest.mark.parametrize("number", ["-1", "10001", "many"])
def test_the_bound_is_a_number_of_credits(ada: Dashboard, acme: Agency, number: str) -> None:
    assert ada.post("team/bound/", credits=number).status_code == 200
    acme.refresh_from_db()
    assert acme.asks_again_above_credits == 100


def test_an_owner_needs_a_second_factor_to_exchange_keys_and_not_for_the_first(
    ada: Dashboard, settings: Any, stripe_keys: dict[str, str]
) -> None:
    settings.OWNERS_NEED_SECOND_FACTOR = True
    keys = {name: stripe_keys[name] for name in ("publishable_key", "secret_key")}
    assert ada.post("payments/", **keys).headers["Location"] == "/agencies/acme/payments/"
    assert ada.post("payments/", **keys).headers["Location"] == "/account/2fa/totp/activate/"
    assert ada.post("hms/", api_key="fl_live_0123456789").headers["Location"] == "/account/2fa/totp/activate/"
    auth.TOTP.activate(User.objects.get(email="ada@acme.test"), auth.generate_totp_secret())
    assert ada.post("payments/", **keys).headers["Location"] == "/agencies/acme/payments/"
