"""Which assistants may look things up in the documents: those whose model has the tool among its tools at HMS.

HMS is asked each time, so what is shown is what is so. Whatever else a model has stays, in its order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from hms_client import Assistant
from organizations import hms, model_tools, reporting
from organizations.configurations import plain
from organizations.knowledge import NAME
from organizations.models import Organization

# What the model reads. It is told in one language; it asks in that of the call.
ENTRY: Final[Mapping[str, Any]] = {
    "type": "function",
    "function": {
        "name": NAME,
        "description": "Searches the documents of this business, such as prices, opening hours and policies.",
        "parameters": {
            "type": "object",
            "properties": {
                "question": {"type": "string", "description": "What to look for, in the language of the caller."}
            },
            "required": ["question"],
        },
    },
}


class NotConnected(ValueError):
    """The assistant reports elsewhere, so what it asks would not come here. The message says what to do."""

    def __init__(self) -> None:
        super().__init__(_("This assistant does not report here yet. Connect it first, on the page of assistants."))


@dataclass(frozen=True, slots=True)
class Offered:
    """An assistant, and whether the documents are offered to it. `is_connected`: what it asks comes here."""

    id: str
    name: str
    is_offered: bool
    is_connected: bool


def listed(organization: Organization) -> list[Offered]:
    """The organization's assistants by name, as HMS has them now. Raises hms.NoKey or an hms_client.HMSError."""
    address = reporting.address(organization.pk)
    with hms.for_organization(organization) as client:
        rows = client.assistants.list()
    found = [Offered(row.id, row.name, is_offered(row), _reports_to(row, address)) for row in rows]
    return sorted(found, key=lambda each: each.name.casefold())


def is_offered(row: Assistant) -> bool:
    """The tool stands among the model's tools."""
    return any(_is_ours(entry) for entry in model_tools.entries(row))


def offer(organization: Organization, assistant_id: str) -> None:
    """Give the assistant the tool, as it is now; offered already, it is brought up to date.

    Talks to HMS: not to be called inside a transaction. Raises NotConnected, hms.NoKey or an hms_client.HMSError.
    """
    address = reporting.address(organization.pk)
    with hms.for_organization(organization) as client:
        row = client.assistants.get(assistant_id)
        if not _reports_to(row, address):
            raise NotConnected
        tools = model_tools.entries(row)
        wanted = [plain(ENTRY) if _is_ours(entry) else entry for entry in tools]
        if not is_offered(row):
            wanted.append(plain(ENTRY))
        if wanted != tools:
            client.assistants.update(row.id, llm_config=model_tools.block(row, wanted))
    reporting.forget(organization)


def withdraw(organization: Organization, assistant_id: str) -> None:
    """Take the tool away. Talks to HMS, as offer does. Raises hms.NoKey or an hms_client.HMSError."""
    with hms.for_organization(organization) as client:
        row = client.assistants.get(assistant_id)
        if is_offered(row):
            kept = [entry for entry in model_tools.entries(row) if not _is_ours(entry)]
            client.assistants.update(row.id, llm_config=model_tools.block(row, kept))
    reporting.forget(organization)


def _is_ours(entry: Mapping[str, Any]) -> bool:
    return model_tools.name(entry) == NAME


def _reports_to(row: Assistant, address: str | None) -> bool:
    return address is not None and row.webhook_url == address
