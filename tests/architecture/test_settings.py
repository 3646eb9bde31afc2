"""The settings: each from the environment, each explained, secrets without a default, production strict."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HTTPS = {
    "PRODUCTION": "1",
    "PUBLIC_SCHEME": "https",
    "PUBLIC_PORT": "",
    "HMS_API_URL": "https://api.hmsovereign.com/api/v1",
    "HMS_WEB_CALL_URL": "https://assistant-api.hmsovereign.com/v1/web-calls",
    "STRIPE_API_URL": "https://api.stripe.com",
    "STRIPE_CHECKOUT_ORIGIN": "https://checkout.stripe.com",
    "SANDBOX_URL": "",
    "DNS_MAY_ASK_PRIVATE": "",
    "OWNERS_NEED_SECOND_FACTOR": "true",
    "EMBEDDED_SERVERS": "",
}


def settings_say(expression: str, **environment: str) -> str:
    code = f"from portal import settings as s; print(({expression}))"
    env = {**os.environ, **HTTPS, **environment}
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    return run.stdout.strip() or run.stderr.strip().splitlines()[-1]


def test_every_variable_is_explained_in_the_example() -> None:
    read = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', (ROOT / "portal/settings.py").read_text()))
    explained = set(re.findall(r"^#?\s?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert read <= explained, f"missing in .env.example: {sorted(read - explained)}"


@pytest.mark.parametrize("name", ["SECRET_KEY", "VAULT_KEYS", "DATABASE_URL", "REDIS_URL"])
def test_a_secret_has_no_default(name: str) -> None:
    code = f"import os; os.environ.pop({name!r}); import portal.settings"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert name in run.stderr


def test_production_cookies_bear_the_host_prefix_literally() -> None:
    assert settings_say("s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME") == "('__Host-session', '__Host-csrf')"
    assert settings_say("s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE") == "(True, True)"


def test_no_cookie_is_shared_between_hosts() -> None:
    assert settings_say("[n for n in dir(s) if n.endswith('COOKIE_DOMAIN')]") == "[]"
    assert settings_say("getattr(s, 'CSRF_TRUSTED_ORIGINS', [])") == "[]"


@pytest.mark.parametrize(
    "environment",
    [
        {"HMS_API_URL": "http://127.0.0.1:8001/hms/api/v1"},
        {"STRIPE_API_URL": "http://127.0.0.1:8001/stripe"},
        {"SANDBOX_URL": "http://127.0.0.1:8001"},
        {"PUBLIC_SCHEME": "http"},
        {"EMBEDDED_SERVERS": "1"},
        {"DNS_MAY_ASK_PRIVATE": "1"},
        {"OWNERS_NEED_SECOND_FACTOR": "false"},
    ],
)
def test_production_refuses_what_is_only_local(environment: dict[str, str]) -> None:
    assert "ImproperlyConfigured" in settings_say("'started'", **environment)


def test_production_starts_with_the_real_addresses() -> None:
    assert settings_say("'started'") == "started"


@pytest.mark.parametrize("base", ["portal.example.com", "connect.portal.example.com", "X.Portal.Example.COM"])
def test_the_base_of_cnames_shows_nothing_of_the_platform(base: str) -> None:
    hosts = {"PLATFORM_HOST": "portal.example.com", "DOMAIN_TARGET_BASE": base}
    assert "DOMAIN_TARGET_BASE must not be" in settings_say("'started'", **hosts)
    assert settings_say("'started'", **hosts | {"DOMAIN_TARGET_BASE": "xportal.example.com"}) == "started"


def test_passwords_are_kept_by_argon2() -> None:
    assert settings_say("s.PASSWORD_HASHERS[0]") == "django.contrib.auth.hashers.Argon2PasswordHasher"
