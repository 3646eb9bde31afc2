import json
import time
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone

from agencies.models import Agency, CallTerms
from billing import wallets
from calls import holds
from clients import limits
from clients.limits import Limits
from follow_ups.models import FollowUp
from hms_client import signatures
from inbox import hms_endpoints
from organizations.models import Organization
from tenancy import door

pytestmark = pytest.mark.django_db
HOST = "portal.localhost"


def post(ours: hms_endpoints.Endpoint, message: dict[str, Any] | bytes, *, host: str = HOST, **changes: str) -> Any:
    body = message if isinstance(message, bytes) else json.dumps({"message": message}).encode()
    timestamp = str(int(time.time()))
    signature = changes.get("signature") or signatures.sign(body, timestamp, ours.secret)
    return Browser(enforce_csrf_checks=True).post(
        f"/api/webhooks/hms/{changes.get('token', ours.token)}",
        body,
        content_type="application/json",
        headers={"host": host, "x-webhook-timestamp": timestamp, "x-webhook-signature": signature},
    )


def request(call: str = "c1", **assistant: Any) -> dict[str, Any]:
    return {"type": "assistant-request", "call": {"id": call, "status": "ringing"}, "assistant": assistant}


def test_a_report_gets_a_nod_and_a_look(ours: hms_endpoints.Endpoint, ben: Organization) -> None:
    FollowUp.objects.all().delete()
    response = post(ours, {"type": "status-update", "call": {"id": "c1", "status": "ended"}})
    assert (response.status_code, response.json()) == (200, {})
    assert FollowUp.objects.filter(kind="sync_calls", subject=str(ben.pk)).exists()
    assert response.cookies == {}


def test_an_inbound_call_is_told_how_long_it_may_run(
    ours: hms_endpoints.Endpoint, acme: Agency, ben: Organization
) -> None:
    response = post(ours, request())
    assert response.json() == {"max_duration_seconds": 100 + holds.GRACE_SECONDS}
    with door.enter(acme):
        assert wallets.get(ben.client_id).held == 100


@pytest.mark.parametrize(("told", "seconds"), [(40, 40), ("40", 100), (True, 100), (0, 100), (-5, 100), (None, 100)])
def test_the_assistants_maximum_is_taken_where_it_is_one(ours: hms_endpoints.Endpoint, told: Any, seconds: int) -> None:
    response = post(ours, request(max_duration_seconds=told))
    assert response.json() == {"max_duration_seconds": seconds + holds.GRACE_SECONDS}


def test_without_credit_the_caller_hears_a_refusal(ours: hms_endpoints.Endpoint) -> None:
    post(ours, request())
    assert post(ours, request("c2")).json()["error"].startswith("We are sorry")


def test_a_closing_agencys_numbers_are_out_of_service(ours: hms_endpoints.Endpoint, acme: Agency) -> None:
    Agency.objects.filter(pk=acme.pk).update(state=Agency.State.CLOSING)
    assert "not in service" in post(ours, request()).json()["error"]


def test_unknown_address_and_bad_signature_get_the_same_answer(ours: hms_endpoints.Endpoint) -> None:
    unknown = post(ours, request(), token="nobodys")
    forged = post(ours, request(), signature="sha256=" + "0" * 64)
    assert (unknown.status_code, unknown.content) == (forged.status_code, forged.content) == (400, forged.content)


def test_a_body_that_is_too_large_is_not_read(ours: hms_endpoints.Endpoint) -> None:
    assert post(ours, b"x" * (256 * 1024 + 1)).status_code == 413


def test_only_the_platform_host_has_the_address(ours: hms_endpoints.Endpoint) -> None:
    assert post(ours, request(), host="acme.portal.localhost").status_code == 404


def test_nobody_looks_at_the_address_with_a_browser(ours: hms_endpoints.Endpoint) -> None:
    response = Browser().get(f"/api/webhooks/hms/{ours.token}", headers={"host": HOST})
    assert response.status_code == 405


def test_a_caller_gets_whole_steps_of_what_its_agency_agreed(ours: hms_endpoints.Endpoint, acme: Agency) -> None:
    CallTerms.objects.create(agency=acme, from_at=timezone.now(), rounding=60, cost_micro_per_minute=70_000)
    assert post(ours, request()).json() == {"max_duration_seconds": 120}


def test_with_no_credits_left_the_clients_fallback_answers_for_the_grace(
    ours: hms_endpoints.Endpoint, acme: Agency, ben: Organization
) -> None:
    with door.enter(acme):
        limits.choose(client_id=ben.client_id, limits=Limits(assistant_id="a-9"))
    post(ours, request())
    grace = {"max_duration_seconds": holds.GRACE_SECONDS}
    assert post(ours, request("c2")).json() == {"assistant_id": "a-9", "assistant_override": grace, **grace}
