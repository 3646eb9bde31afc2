from tests.support.dns_world import names, zone
from tests.support.stripe_world import connected, sandbox, shop, stripe

__all__ = ["connected", "names", "sandbox", "shop", "stripe", "zone"]
