from tests.support import hms_says
from tests.support.dns_world import names, zone

says = hms_says.says
connected_acme = hms_says.connected_acme

__all__ = ["connected_acme", "names", "says", "zone"]
