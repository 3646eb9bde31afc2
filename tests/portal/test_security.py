"""Headers on every answer, cookies by their literal names, sessions worth nothing elsewhere, no POST without token."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from agencies.models import Agency
from domains.models import Domain
from people.models import User
from tenancy import door

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
PLATFORM, ACME, GLOBEX = "portal.localhost", "acme.portal.localhost", "globex.portal.localhost"
PASSWORD = "a long enough secret"


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        (PLATFORM, "/", 200),
        (PLATFORM, "/account/login/", 200),
        (PLATFORM, "/nothing/here/", 404),
        (PLATFORM, "/agencies/acme/set-up/", 302),
        (PLATFORM, "/healthz", 200),
        (PLATFORM, "/static/nothing.css", 404),
        (ACME, "/account/signup/", 200),
        (ACME, "/nothing/here/", 404),
        ("operators.localhost", "/nothing/here/", 302),
        ("nobody.test", "/", 404),
    ],
)
def test_every_answer_carries_a_policy(host: str, path: str, status: int) -> None:
    answer = Client(HTTP_HOST=host).get(path)
    assert answer.status_code == status
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("host", "promise"),
    [
        (PLATFORM, "max-age=60; includeSubDomains"),
        ("operators.localhost", "max-age=60; includeSubDomains"),
        (f"{ACME}:8000", "max-age=60; includeSubDomains"),
        ("voice.acme.test", "max-age=60"),
    ],
)
def test_https_is_promised_for_what_lies_below_our_own_hosts_alone(
    acme: Agency, host: str, promise: str, settings: Any
) -> None:
    acme.domains.update(is_primary=False)
    own = {"kind": "custom", "state": "active", "token": "t", "is_primary": True}
    Domain.objects.create(domain="voice.acme.test", tenant=acme, **own)
    settings.HSTS_SECONDS = 60
    assert Client(HTTP_HOST=host).get("/account/login/").headers["Strict-Transport-Security"] == promise


@pytest.mark.parametrize("path", ["/", "/account/login/", "/nothing/here/"])
def test_pages_are_kept_by_nobody_and_differ_by_host(path: str) -> None:
    answer = Client(HTTP_HOST=PLATFORM).get(path)
    assert "no-store" in answer.headers["Cache-Control"]
    assert {"Host", "Cookie"} <= {name.strip() for name in answer.headers["Vary"].split(",")}
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize(("host", "path"), [(PLATFORM, "/"), (PLATFORM, "/account/signup/"), (ACME, "/account/login/")])
def test_no_page_has_script_or_style_in_it(host: str, path: str) -> None:
    page = Client(HTTP_HOST=host).get(path).content.decode()
    assert " style=" not in page
    assert "<style" not in page
    assert " onclick=" not in page
    assert page.count("<script") == page.count("<script src=")


def _settings_under(**changed: str) -> dict[str, object]:
    names = "SESSION_COOKIE_NAME CSRF_COOKIE_NAME LANGUAGE_COOKIE_NAME SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE"
    names += " SESSION_COOKIE_HTTPONLY SESSION_COOKIE_SAMESITE SESSION_COOKIE_DOMAIN CSRF_COOKIE_DOMAIN"
    names += " SESSION_COOKIE_PATH CSRF_TRUSTED_ORIGINS HSTS_SECONDS"
    told = f"{{name: getattr(settings, name) for name in {names.split()}}}"
    ask = f"import json; from django.conf import settings; print(json.dumps({told}))"
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings", **changed}
    run = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(run.stdout)
    return found


def test_cookies_over_https_are_bound_to_one_host_by_their_very_names() -> None:
    found = _settings_under(PUBLIC_SCHEME="https")
    assert found["SESSION_COOKIE_NAME"] == "__Host-session"
    assert found["CSRF_COOKIE_NAME"] == "__Host-csrf"
    assert found["LANGUAGE_COOKIE_NAME"] == "__Host-language"
    assert found["SESSION_COOKIE_SECURE"] is found["CSRF_COOKIE_SECURE"] is found["SESSION_COOKIE_HTTPONLY"] is True
    assert (found["SESSION_COOKIE_DOMAIN"], found["CSRF_COOKIE_DOMAIN"]) == (None, None)
    assert found["SESSION_COOKIE_PATH"] == "/"
    assert found["SESSION_COOKIE_SAMESITE"] == "Lax"
    assert found["CSRF_TRUSTED_ORIGINS"] == []
    assert found["HSTS_SECONDS"] == 31_536_000


def test_cookies_over_plain_http_are_plain() -> None:
    found = _settings_under(PUBLIC_SCHEME="http")
    assert (found["SESSION_COOKIE_NAME"], found["SESSION_COOKIE_SECURE"]) == ("session", False)


def test_production_refuses_plain_http() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        _settings_under(PRODUCTION="true", PUBLIC_SCHEME="http", SANDBOX_URL="")


def test_a_session_of_one_host_is_nobody_on_every_other(acme: Agency) -> None:
    browser = Client(HTTP_HOST=ACME)
    with door.enter(acme):
        browser.force_login(User.objects.create_user("ben@client.test"))
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    for host in (GLOBEX, PLATFORM, "operators.localhost"):
        elsewhere = Client(HTTP_HOST=host)
        elsewhere.cookies[settings.SESSION_COOKIE_NAME] = key
        page = elsewhere.get("/account/login/")
        assert page.status_code == 200, host
        assert not page.context["request"].user.is_authenticated
    assert Session.objects.filter(session_key=key).exists()


def test_the_same_person_row_in_two_schemas_is_two_people(acme: Agency, globex: Agency) -> None:
    browser = Client(HTTP_HOST=ACME)
    with door.enter(acme):
        ben = User.objects.create_user("ben@client.test", PASSWORD)
        browser.force_login(ben)
    with door.enter(globex):
        twin = User.objects.create_user("ben@client.test")
        User.objects.filter(pk=twin.pk).update(id=ben.pk, password=ben.password)
    elsewhere = Client(HTTP_HOST=GLOBEX)
    elsewhere.cookies[settings.SESSION_COOKIE_NAME] = browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert not elsewhere.get("/account/login/").context["request"].user.is_authenticated


@pytest.mark.parametrize(
    ("host", "path"),
    [
        (PLATFORM, "/account/login/"),
        (PLATFORM, "/account/signup/"),
        (PLATFORM, "/account/logout/"),
        (PLATFORM, "/account/password/reset/"),
        (PLATFORM, "/agencies/acme/set-up/switch/"),
        (ACME, "/account/login/"),
        (ACME, "/account/signup/"),
    ],
)
def test_a_post_without_its_token_is_refused(host: str, path: str) -> None:
    answer = Client(HTTP_HOST=host, enforce_csrf_checks=True).post(path, {"portal": "on"})
    assert answer.status_code == 403
    assert b"try that once more" in answer.content


def test_a_post_from_a_sibling_is_refused_even_with_a_token() -> None:
    browser = Client(HTTP_HOST=ACME, enforce_csrf_checks=True)
    token = browser.get("/account/login/").context["csrf_token"]
    form = {"login": "x@y.test", "password": "x", "csrfmiddlewaretoken": str(token)}
    assert browser.post("/account/login/", form, HTTP_ORIGIN=f"http://{GLOBEX}").status_code == 403
    assert browser.post("/account/login/", form, HTTP_ORIGIN=f"http://{ACME}").status_code == 200


@pytest.mark.parametrize(
    "goal", ["//evil.test", "https://evil.test", "/\\evil.test", "https:evil.test", f"http://{GLOBEX}/"]
)
def test_signing_in_leads_to_no_other_host(goal: str, acme: Agency) -> None:
    ada = User.objects.get(email="ada@acme.test")
    ada.set_password(PASSWORD)
    ada.save()
    ada.emailaddress_set.create(email=ada.email, verified=True, primary=True)
    browser = Client(HTTP_HOST=PLATFORM)
    answer = browser.post("/account/login/", {"login": ada.email, "password": PASSWORD, "next": goal})
    assert answer.headers["Location"] == "/agencies/acme/"
