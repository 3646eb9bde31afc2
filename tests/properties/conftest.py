from tests.support.stripe_world import sandbox, stripe

__all__ = ["sandbox", "stripe"]
