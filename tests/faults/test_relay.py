"""A client's webhook while the product runs: HMS rings, the endpoint hears; what a killed process owed still comes."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hms_client import signatures
from tests.support import endpoint as endpoints
from tests.support.endpoint import Endpoint
from tests.support.live import wait_for
from tests.support.shop import Shop, stocked

pytestmark = [pytest.mark.flow, pytest.mark.xdist_group("live")]
SECRET = "a secret of ben"
SET = """
from agencies.models import Agency
from inbox import hms_targets
from organizations.models import Organization
from tenancy import door
with door.enter(Agency.objects.get(slug="harbour")):
    organization = Organization.objects.get(state="ready")
    hms_targets.save(organization_id=organization.pk, url="{url}", secret="{secret}", events=hms_targets.EVENTS)
"""
WAITS = "SELECT 1 FROM organizations_delivery WHERE event = 'end-of-call-report' AND state = 'waiting'"
UNDELIVERED = "SELECT 1 FROM organizations_delivery WHERE body_sealed IS NOT NULL OR state <> 'delivered'"


shop = stocked


@pytest.fixture
def there(shop: Shop) -> Iterator[Endpoint]:
    with endpoints.listening() as found:
        shop.live.manage("shell", "--no-imports", "-c", SET.format(url=found.url, secret=SECRET))
        yield found


def heard(there: Endpoint, kind: str) -> list[dict[str, Any]]:
    """Messages of a kind that arrived, each with a signature that holds."""
    found = []
    for request in list(there.requests):
        signatures.verify(
            body=request.body,
            timestamp=request.headers["x-webhook-timestamp"],
            signature=request.headers["x-webhook-signature"],
            secret=SECRET,
            now=int(time.time()),
        )
        if request.headers["x-webhook-event"] == kind:
            found.append(json.loads(request.body)["message"])
    return found


def ring(shop: Shop) -> str:
    """A caller, on an assistant of Ben's that we made, for a second; the call's id."""
    assistant_id = wait_for(lambda: shop.assistant_id, seconds=60)
    asked = {"organization_id": shop.hms_organization(), "assistant_id": assistant_id, "talk_seconds": 1}
    return str(shop.live.sandbox("POST", "hms/calls/inbound", **asked)["call_id"])


def test_a_call_is_heard_from_its_first_ring_to_its_report(shop: Shop, there: Endpoint) -> None:
    there.says(b'{"assistant_override": {"first_message": "Bakery, good day."}}')
    call_id = ring(shop)
    wait_for(lambda: heard(there, "end-of-call-report"), seconds=40)
    assert [one["call"]["id"] for one in heard(there, "assistant-request")] == [call_id]
    wait_for(lambda: {one["call"]["status"] for one in heard(there, "status-update")} >= {"in-progress", "ended"})
    wait_for(lambda: not shop.rows(UNDELIVERED))


def test_a_killed_courier_costs_time_only(shop: Shop, there: Endpoint) -> None:
    shop.live.kill("courier")
    call_id = ring(shop)
    wait_for(lambda: shop.rows(WAITS), seconds=40)
    assert not heard(there, "end-of-call-report")
    shop.live.restart("courier")
    wait_for(lambda: heard(there, "end-of-call-report"), seconds=90)
    assert {one["call"]["id"] for one in heard(there, "end-of-call-report")} == {call_id}
