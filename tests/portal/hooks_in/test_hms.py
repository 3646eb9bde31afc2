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
from tests.support import hms_says
from tests.support.hms_says import Hms

pytestmark = pytest.mark.django_db
HOST = "portal.localhost"


@pytest.fixture
def ben(acme: Agency, says: Hms) -> Organization:
    hms_says.connect(says, acme)
    with door.enter(acme):
        return hms_says.ready(says, credit=100)


@pytest.fixture
def endpoint(acme: Agency, ben: Organization) -> hms_endpoints.Endpoint:
    with door.enter(acme):
        return hms_endpoints.open_endpoint(organization_id=ben.pk)


def post(endpoint: hms_endpoints.Endpoint, message: dict[str, Any] | bytes, *, host: str = HOST, **changes: str) -> Any:
    body = message if isinstance(message, bytes) else json.dumps({"message": message}).encode()
    timestamp = str(int(time.time()))
    signature = changes.get("signature") or signatures.sign(body, timestamp, endpoint.secret)
    return Browser(enforce_csrf_checks=True).post(
        f"/api/webhooks/hms/{changes.get('token', endpoint.token)}",
        body,
        content_type="application/json",
        headers={"host": host, "x-webhook-timestamp": timestamp, "x-webhook-signature": signature},
    )


def request(call: str = "c1", **assistant: Any) -> dict[str, Any]:
    return {"type": "assistant-request", "call": {"id": call, "status": "ringing"}, "assistant": assistant}


def test_a_report_gets_a_nod_and_a_look(endpoint: hms_endpoints.Endpoint, ben: Organization) -> None:
    FollowUp.objects.all().delete()
    response = post(endpoint, {"type": "status-update", "call": {"id": "c1", "status": "ended"}})
    assert (response.status_code, response.json()) == (200, {})
    assert FollowUp.objects.filter(kind="sync_calls", subject=str(ben.pk)).exists()
    assert response.cookies == {}


def test_an_inbound_call_is_told_how_long_it_may_run(
    endpoint: hms_endpoints.Endpoint, acme: Agency, ben: Organization
) -> None:
    response = post(endpoint, request())
    assert response.json() == {"max_duration_seconds": 100 + holds.GRACE_SECONDS}
    with door.enter(acme):
        assert wallets.get(ben.client_id).held == 100


@pytest.mark.parametrize(("told", "seconds"), [(40, 40), ("40", 100), (True, 100), (0, 100), (-5, 100), (None, 100)])
def test_the_assistants_maximum_is_taken_where_it_is_one(
    endpoint: hms_endpoints.Endpoint, told: Any, seconds: int
) -> None:
    response = post(endpoint, request(max_duration_seconds=told))
    assert response.json() == {"max_duration_seconds": seconds + holds.GRACE_SECONDS}


def test_without_credit_the_caller_hears_a_refusal(endpoint: hms_endpoints.Endpoint) -> None:
    post(endpoint, request())
    assert post(endpoint, request("c2")).json()["error"].startswith("We are sorry")


def test_a_closing_agencys_numbers_are_out_of_service(endpoint: hms_endpoints.Endpoint, acme: Agency) -> None:
    Agency.objects.filter(pk=acme.pk).update(state=Agency.State.CLOSING)
    assert "not in service" in post(endpoint, request()).json()["error"]


def test_unknown_address_and_bad_signature_get_the_same_answer(endpoint: hms_endpoints.Endpoint) -> None:
    unknown = post(endpoint, request(), token="nobodys")
    forged = post(endpoint, request(), signature="sha256=" + "0" * 64)
    assert (unknown.status_code, unknown.content) == (forged.status_code, forged.content) == (400, forged.content)


def test_a_body_that_is_too_large_is_not_read(endpoint: hms_endpoints.Endpoint) -> None:
    assert post(endpoint, b"x" * (256 * 1024 + 1)).status_code == 413


def test_only_the_platform_host_has_the_address(endpoint: hms_endpoints.Endpoint) -> None:
    assert post(endpoint, request(), host="acme.portal.localhost").status_code == 404


def test_nobody_looks_at_the_address_with_a_browser(endpoint: hms_endpoints.Endpoint) -> None:
    response = Browser().get(f"/api/webhooks/hms/{endpoint.token}", headers={"host": HOST})
    assert response.status_code == 405


def test_a_caller_gets_whole_steps_of_what_its_agency_agreed(endpoint: hms_endpoints.Endpoint, acme: Agency) -> None:
    CallTerms.objects.create(agency=acme, from_at=timezone.now(), rounding=60, cost_micro_per_minute=70_000)
    assert post(endpoint, request()).json() == {"max_duration_seconds": 120}


def test_with_no_credits_left_the_clients_fallback_answers_for_the_grace(
    endpoint: hms_endpoints.Endpoint, acme: Agency, ben: Organization
) -> None:
    with door.enter(acme):
        limits.choose(client_id=ben.client_id, limits=Limits(assistant_id="a-9"))
    post(endpoint, request())
    grace = {"max_duration_seconds": holds.GRACE_SECONDS}
    assert post(endpoint, request("c2")).json() == {"assistant_id": "a-9", "assistant_override": grace, **grace}
