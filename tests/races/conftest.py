from tests.support.stripe_world import connected, sandbox, shop, stripe

__all__ = ["connected", "sandbox", "shop", "stripe"]
