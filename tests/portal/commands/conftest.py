from tests.support import hms_says

says = hms_says.says
connected_acme = hms_says.connected_acme
