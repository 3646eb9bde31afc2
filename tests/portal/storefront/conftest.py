from tests.support import hms_says
from tests.support import portal as portals
from tests.support.stripe_world import connected, sandbox, shop, stripe

__all__ = ["connected", "portal", "sandbox", "says", "shop", "stripe"]
says = hms_says.says
portal = portals.portal
