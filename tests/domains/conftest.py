from tests.support.dns_world import names, zone

__all__ = ["names", "zone"]
