"""A client's own tool while the product runs: HMS's assistant calls it, its system answers, the assistant hears it."""

import json
from collections.abc import Iterator

import pytest

from tests.support import endpoint as endpoints
from tests.support.endpoint import Endpoint
from tests.support.live import wait_for
from tests.support.shop import Shop, stocked

pytestmark = [pytest.mark.flow, pytest.mark.xdist_group("live")]
KEEP = """
from agencies.models import Agency
from organizations import custom_tools
from organizations.models import Organization
from tenancy import door
with door.enter(Agency.objects.get(slug="harbour")):
    organization = Organization.objects.get(state="ready")
    custom_tools.remove(organization=organization, name="find_customer")
    custom_tools.add(
        organization=organization, name="find_customer", description="Finds.", parameters={{}}, url="{url}",
        headers={{"X-Key": "k3y"}}, secret="", timeout_seconds=5,
    )
"""


shop = stocked


@pytest.fixture
def crm(shop: Shop) -> Iterator[Endpoint]:
    with endpoints.listening() as found:
        shop.live.manage("shell", "--no-imports", "-c", KEEP.format(url=found.url))
        yield found


def status_of(shop: Shop, call_id: str) -> str:
    calls = shop.live.sandbox("GET", "hms/state")["calls"]
    return next(str(call["status"]) for call in calls if call["id"] == call_id)


def test_an_assistant_hears_what_the_clients_system_says(shop: Shop, crm: Endpoint) -> None:
    crm.says(b'{"name": "Ann"}')
    assistant_id = wait_for(lambda: shop.assistant_id, seconds=60)
    asked = {"organization_id": shop.hms_organization(), "assistant_id": assistant_id, "talk_seconds": 30}
    call_id = str(shop.live.sandbox("POST", "hms/calls/inbound", **asked)["call_id"])
    wait_for(lambda: status_of(shop, call_id) == "in-progress", seconds=40)
    where = f"hms/calls/{call_id.replace('+', '%2B')}/tool-calls"
    said = shop.live.sandbox("POST", where, name="find_customer", arguments={"phone": "+31612345678"})
    assert said["answer"] == {"results": [{"tool_call_id": "tool_1", "result": {"name": "Ann"}}]}
    (request,) = crm.requests
    assert request.headers["x-key"] == "k3y"
    body = {"name": "find_customer", "arguments": {"phone": "+31612345678"}, "call_id": call_id}
    assert json.loads(request.body) == body
    noted = "SELECT 1 FROM organizations_delivery WHERE event = 'tool:find_customer' AND state = 'delivered'"
    assert shop.rows(noted)
    shop.live.sandbox("POST", f"hms/calls/{call_id.replace('+', '%2B')}/end")
