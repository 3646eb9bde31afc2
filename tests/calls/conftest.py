from tests.support import hms_says
from tests.support import portal as portals

says = hms_says.says
portal = portals.portal
connected_acme = hms_says.connected_acme
