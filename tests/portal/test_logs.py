import logging
import sys

import pytest
from django.test import Client

from portal.logs import MaskSecrets

KEYS = [
    "sk_live_51CanaryCanary",
    "whsec_Ab+Canary/Canary==",
    "fl_Ab-Canary_Canary",
    "fl_live_Ab_Canary",
    "sk_org_AbCanary",
]


def record(words: str, *args: str, exc_info: object = None) -> logging.LogRecord:
    return logging.LogRecord("portal", logging.ERROR, __file__, 1, words, args, exc_info)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_never_stands_in_a_line(key: str) -> None:
    line = record("HMS refused %s", key)
    assert MaskSecrets().filter(line)
    assert "Canary" not in line.getMessage()


@pytest.mark.parametrize("key", KEYS)
def test_a_key_never_stands_in_a_traceback(key: str) -> None:
    try:
        raise ValueError(key)
    except ValueError:
        line = record("failed", exc_info=sys.exc_info())
    MaskSecrets().filter(line)
    assert "Canary" not in logging.Formatter().format(line)


@pytest.mark.parametrize("words", ["Bad Request: %s", "Not Found: %s", "POST %s HTTP/1.1", "Forbidden ('%s')"])
@pytest.mark.parametrize("path", ["/api/webhooks/hms/CanaryTokenCanary", "/api/webhooks/hms/Canary-Token/?x=1"])
def test_the_address_that_hms_reports_to_never_stands_in_a_line(words: str, path: str) -> None:
    line = record(words, path)
    MaskSecrets().filter(line)
    assert "Canary" not in line.getMessage()
    assert "/api/webhooks/hms/***" in line.getMessage()


@pytest.mark.django_db
def test_a_refused_report_leaves_no_token_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(MaskSecrets())
    answer = Client(HTTP_HOST="portal.localhost").post("/api/webhooks/hms/CanaryTokenCanary", b"{}", "application/json")
    assert answer.status_code == 400
    assert "/api/webhooks/hms/***" in caplog.text
    assert "Canary" not in caplog.text
