"""Operators read how often the proxy has asked."""

import io

import pytest
from django.core.management import call_command

from agencies.models import Agency
from domains import permission
from domains.models import Domain

pytestmark = pytest.mark.django_db


def test_what_was_allowed_and_what_was_denied_in_this_hour_is_shown(
    acme: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(permission.time, "time", lambda: 7_200.0)
    Domain.objects.create(domain="voice.acme.test", tenant=acme, kind="custom", state="verified", token="t")
    for name in ("voice.acme.test", "unknown.test", "other.test"):
        permission.may_have_certificate(name)
    out = io.StringIO()
    call_command("certificates", stdout=out)
    assert out.getvalue() == ("This hour: 1 allowed, 1 of them for names that never had one (at most 100); 2 denied.\n")
