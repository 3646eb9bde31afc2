from tests.support import hms_says
from tests.support.dns_world import names, zone
from tests.support.stripe_world import connected, sandbox, shop, stripe

says = hms_says.says
connected_acme = hms_says.connected_acme

__all__ = ["connected", "connected_acme", "names", "sandbox", "says", "shop", "stripe", "zone"]
