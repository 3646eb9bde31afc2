"""Whether HMS is well."""

from hms_client.shapes.settings import HealthReport
from hms_client.transport import Transport


class Health:
    """`client.health`. Asked without the key."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def check(self) -> HealthReport:
        """Return what HMS says of itself. Raises ServerFault when it says so with a 5xx."""
        return HealthReport.from_json(self._transport.request("GET", "/health", authenticated=False))
