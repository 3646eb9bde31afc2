"""SIP trunks. HMS cannot change one: delete it and create another."""

from typing import Required, TypedDict, Unpack

from hms_client.resources.collection import Collection
from hms_client.shapes.telephony import SipTrunk
from hms_client.transport import Transport


class NewSipTrunk(TypedDict, total=False):
    """A trunk in full; `transport` is udp (when not given), tcp or tls."""

    name: Required[str]
    provider: Required[str]
    address: Required[str]
    auth_username: str
    auth_password: str
    transport: str


class SipTrunks(Collection[SipTrunk]):
    """`client.sip_trunks`."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport, "/sip-trunks", many="trunks", one="trunk", read=SipTrunk.from_json)

    def create(self, **fields: Unpack[NewSipTrunk]) -> SipTrunk:
        """Create a trunk; its password never comes back."""
        return self._create(fields)
