from tests.support import hms_says
from tests.support.stripe_world import connected, sandbox, shop, stripe

says = hms_says.says

__all__ = ["connected", "sandbox", "says", "shop", "stripe"]
