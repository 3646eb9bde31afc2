"""Tokens are made and revoked by those whose programs they let in, and shown once."""

import re
from typing import Any

import pytest
from django.test import Client as Visitor

from agencies.models import Membership
from people.models import User
from tenancy import door
from tests.support.portal import Person, Portal, text_of
from vault import api_tokens
from vault.models import ApiToken

pytestmark = pytest.mark.django_db
FORM = {"name": "CRM", "scopes": ["balance:read", "calls:start"]}


@pytest.fixture
def ben(portal: Portal) -> Person:
    return portal.person(credit=600)


def token_on(answer: Any) -> str:
    return re.findall(r'value="(capi_[^"]+)"', answer.content.decode())[0]


def member(portal: Portal, role: str) -> Visitor:
    user = User.objects.create_user(f"{role}@acme.test")
    Membership.objects.create(agency=portal.agency, user=user, role=role)
    visitor = Visitor(HTTP_HOST="portal.localhost")
    visitor.force_login(user)
    return visitor


def test_a_token_is_shown_once_and_lets_a_program_in(portal: Portal, ben: Person) -> None:
    text = token_on(ben.post("/api-access/", FORM))
    page = ben.get("/api-access/")
    assert text.encode() not in page.content
    assert f"CRM capi_...{text[-4:]} · Read the balance, Start calls · not used yet" in text_of(page)
    headers = {"Authorization": f"Bearer {text}"}
    assert portal.visitor().get("/api/v1/balance", headers=headers).json()["balance_seconds"] == 600
    assert "last used Today" in ben.sees("/api-access/")


def test_the_page_of_a_token_is_kept_by_no_browser(ben: Person) -> None:
    assert ben.post("/api-access/", FORM).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "CRM"}, "Choose at least one right."),
        ({"scopes": ["calls:read"]}, "Say what it is for."),
        ({**FORM, "scopes": ["all"]}, "all"),
    ],
)
def test_a_token_without_a_name_or_a_right_is_not_made(ben: Person, form: dict[str, Any], words: str) -> None:
    assert words in text_of(ben.post("/api-access/", form))
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked(portal: Portal, ben: Person) -> None:
    text = token_on(ben.post("/api-access/", FORM))
    token = ApiToken.objects.get()
    assert ben.post(f"/api-access/{token.pk}/revoke/").headers["Location"] == "/api-access/"
    page = ben.sees("/api-access/")
    assert "“CRM” lets nobody in any more." in page
    assert "No token yet" in page
    answer = portal.visitor().get("/api/v1/balance", headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code == 401


def test_nobody_sees_or_revokes_the_token_of_another_client(portal: Portal, ben: Person) -> None:
    ben.post("/api-access/", FORM)
    token, bob = ApiToken.objects.get(), portal.person("bob")
    assert "No token yet" in bob.sees("/api-access/")
    assert bob.post(f"/api-access/{token.pk}/revoke/").status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_there_are_only_so_many(portal: Portal, ben: Person, monkeypatch: Any) -> None:
    monkeypatch.setattr(api_tokens, "MOST", 1)
    ben.post("/api-access/", FORM)
    assert "Revoke one that is not used any more first." in text_of(ben.post("/api-access/", FORM))
    assert ApiToken.objects.count() == 1


def test_a_manager_makes_and_revokes_tokens_of_a_client(portal: Portal, ben: Person) -> None:
    mia = member(portal, "manager")
    address = f"/agencies/acme/clients/{ben.client.pk}/api-access/"
    assert address.encode() in mia.get(f"/agencies/acme/clients/{ben.client.pk}/").content
    page = mia.post(address, FORM)
    assert b'value="http://acme.portal.localhost' in page.content
    text = token_on(page)
    assert portal.visitor().get("/api/v1/balance", headers={"Authorization": f"Bearer {text}"}).status_code == 200
    token = ApiToken.objects.get()
    assert token.created_by["email"] == "manager@acme.test"
    mia.post(f"{address}{token.pk}/revoke/")
    with door.enter(portal.agency):
        assert api_tokens.listed(ben.client.pk) == []


def test_a_viewer_makes_no_token(portal: Portal, ben: Person) -> None:
    vic = member(portal, "viewer")
    address = f"/agencies/acme/clients/{ben.client.pk}/api-access/"
    assert b"Make a token" not in vic.get(address).content
    assert vic.post(address, FORM).status_code == 403
