"""Phone numbers. In a change, None detaches; a field not named stays as it is."""

from typing import Final, TypedDict, Unpack

from hms_client.resources.collection import Collection, renamed
from hms_client.shapes.telephony import Number
from hms_client.transport import Transport

_WIRE: Final = {"assistant_id": "agent_id"}  # what HMS's own client sends


class NumberFields(TypedDict, total=False):
    """What a number is attached to, and whether it takes calls."""

    assistant_id: str | None
    transfer_trunk_id: str | None
    workflow_id: str | None
    is_active: bool


class Numbers(Collection[Number]):
    """`client.numbers`."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport, "/numbers", many="numbers", one="number", read=Number.from_json)

    def create(self, *, phone_number: str, **fields: Unpack[NumberFields]) -> Number:
        """Make a number (E.164) known that is forwarded to HMS. Raises Conflict when it is known already."""
        return self._create({"phone_number": phone_number, **renamed(fields, _WIRE)})

    def update(self, number_id: str, /, **changes: Unpack[NumberFields]) -> Number:
        """Attach, detach (None), switch on or off."""
        return self._update(number_id, renamed(changes, _WIRE))
