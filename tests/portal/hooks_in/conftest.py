import pytest

from agencies.models import Agency
from inbox import hms_endpoints
from organizations import relay
from organizations.models import Organization
from outside.lanes import Lanes
from tenancy import door
from tests.support import hms_says
from tests.support.hms_says import Hms
from tests.support.stripe_world import connected, sandbox, shop, stripe

says = hms_says.says

__all__ = ["connected", "sandbox", "says", "shop", "stripe"]


@pytest.fixture
def ben(acme: Agency, says: Hms, monkeypatch: pytest.MonkeyPatch) -> Organization:
    """Ben's organization, with credits, and nobody waiting for an endpoint."""
    monkeypatch.setattr(relay, "LANES", Lanes())
    hms_says.connect(says, acme)
    with door.enter(acme):
        return hms_says.ready(says, credit=100)


@pytest.fixture
def ours(acme: Agency, ben: Organization) -> hms_endpoints.Endpoint:
    """Where HMS reports about Ben's calls."""
    with door.enter(acme):
        return hms_endpoints.open_endpoint(organization_id=ben.pk)
