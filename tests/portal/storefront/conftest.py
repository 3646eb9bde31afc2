import pytest

from agencies.models import Agency
from tests.support import hms_says
from tests.support.hms_says import Hms
from tests.support.portal import Portal
from tests.support.stripe_world import connected, sandbox, shop, stripe

__all__ = ["connected", "sandbox", "says", "shop", "stripe"]
says = hms_says.says


@pytest.fixture
def portal(acme: Agency, says: Hms) -> Portal:
    """Acme's portal, on and connected with HMS."""
    hms_says.connect(says, acme)
    return Portal(acme, says)
