"""A custom tool that is used: what its address is sent, and what the assistant makes of the answer.

A row is written before the request leaves and after it came back. Whatever the other side does, the assistant gets
something to say, in time.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from hms_client.values import encode
from organizations import custom_tools, deliveries, relay, tool_schemas
from organizations.custom_tools import CustomTool, Sealed
from organizations.models import Organization
from organizations.relay import Outcome, Reply
from organizations.tools import Later, Tool, ToolCall, ToolFailed
from outside.guarded import Why
from tenancy import door, schemas
from vault import envelope

log = logging.getLogger(__name__)
EVENT = "custom-tool"
# Longer answers would fill what a model can keep in mind.
MOST_CHARACTERS = 20_000
_MOST_SAID = 500


@dataclass(slots=True)
class Asking:
    """One request to a tool's address. wait() may run in another thread; note() is for when it is over."""

    tool: CustomTool
    call: ToolCall
    sealed: Sealed
    delivery_id: UUID
    reply: Reply = field(default_factory=lambda: Reply(why=Why.TIME.value))

    def wait(self, within_ms: int) -> Any:
        """What the assistant gets. Raises ToolFailed with a sentence for it."""
        body = _body(self.call)
        self.reply = relay.exchange(
            self.tool.url,
            agency_id=self.call.agency_id,
            organization_id=self.call.organization_id,
            headers={**self.sealed.headers, **relay.signed(EVENT, body, self.sealed.secret)},
            body=body,
            within_ms=min(within_ms, self.tool.timeout_seconds * 1_000),
        )
        return _result(self.reply)

    def note(self) -> None:
        """Write down what came of it. In the agency's schema."""
        outcome = Outcome(self.reply.status, self.reply.why, self.reply.took_ms)
        deliveries.settle(self.delivery_id, outcome, now=timezone.now())


@dataclass(frozen=True, slots=True)
class Trial:
    """A tool that was tried: what the assistant would get, and how the address answered. No status: `why`."""

    answer: Any
    status: int | None = None
    why: str = ""
    took_ms: int | None = None


def finder(organization_id: UUID, names: frozenset[str]) -> Mapping[str, Tool]:
    """Which of these names are custom tools of the organization, ready to be asked."""
    organization = Organization.objects.filter(pk=organization_id, custom_tools__has_any_keys=list(names)).first()
    if organization is None:
        return {}
    return {tool.name: _asked(organization, tool) for tool in custom_tools.all_of(organization) if tool.name in names}


def try_it(organization: Organization, tool: CustomTool, arguments: Mapping[str, Any]) -> Trial:
    """Use the tool now, with nobody on the line.

    In the agency's schema, which is left while the address is waited for. Raises tenancy.network.InsideTransaction.
    """
    call = ToolCall(schemas.current_agency_id(), organization.pk, None, "trial", tool.name, arguments)
    try:
        asking = _begun(organization, tool, call)
    except ToolFailed as failed:
        return Trial({"error": str(failed)})
    with door.leave():
        try:
            answer = asking.wait(custom_tools.LONGEST_SECONDS * 1_000)
        except ToolFailed as failed:
            answer = {"error": str(failed)}
    asking.note()
    return Trial(answer, asking.reply.status, asking.reply.why, asking.reply.took_ms)


def _asked(organization: Organization, tool: CustomTool) -> Tool:
    def use(call: ToolCall) -> Later:
        asking = _begun(organization, tool, call)
        return Later(asking.wait, asking.note)

    return use


def _begun(organization: Organization, tool: CustomTool, call: ToolCall) -> Asking:
    """The request, written down. Raises ToolFailed for arguments that do not fit."""
    try:
        tool_schemas.fit(tool.parameters, call.arguments)
        sealed = custom_tools.opened(organization, tool)
    except tool_schemas.WrongArguments as error:
        raise ToolFailed(str(error)) from error
    except envelope.CannotOpen as error:
        log.error("the secrets of tool %s of organization %s do not open", tool.name, organization.pk)
        raise ToolFailed(out_of_order()) from error
    delivery_id = deliveries.begin_tool(
        organization_id=organization.pk, name=tool.name, call_id=call.hms_call_id or "", body_bytes=len(_body(call))
    )
    return Asking(tool, call, sealed, delivery_id)


def out_of_order() -> str:
    """What an assistant says of a tool whose system gives no answer."""
    return _("The system behind this does not answer right now. Say so, and offer to call back.")


def _body(call: ToolCall) -> bytes:
    return encode({"name": call.name, "arguments": call.arguments, "call_id": call.hms_call_id})


def _result(reply: Reply) -> Any:
    said = _read(reply.body)
    if reply.is_yes:
        if len(reply.body) > MOST_CHARACTERS:
            raise ToolFailed(_("The answer was too long to be read. Ask for less."))
        return _("Done.") if said in (None, "") else said
    if reply.status is not None and isinstance(said, dict) and isinstance(said.get("error"), str) and said["error"]:
        raise ToolFailed(said["error"][:_MOST_SAID])
    raise ToolFailed(out_of_order())


def _read(body: bytes) -> Any:
    """What was answered: JSON, else text."""
    try:
        return json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return body.decode(errors="replace").replace("\x00", "").strip()


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
