from tests.support import hms_says
from tests.support.stripe_world import connected, sandbox, shop, stripe

says = hms_says.says
connected_acme = hms_says.connected_acme

__all__ = ["connected", "connected_acme", "sandbox", "says", "shop", "stripe"]
