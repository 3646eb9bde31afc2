"""The voices HMS offers; ElevenLabs' are not among them."""

from hms_client.reading import list_of
from hms_client.shapes.building_blocks import Voice
from hms_client.transport import Transport


class Voices:
    """`client.voices`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> tuple[Voice, ...]:
        """Return all voices."""
        return list_of(self._transport.request("GET", "/voices"), Voice.from_json, "voices", what="voices")
