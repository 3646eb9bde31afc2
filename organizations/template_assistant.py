"""The agency's template: an assistant of its own organization at HMS that every new client's first one is a copy of.

Only its id is kept here. It is read live when it is copied, so a change at HMS counts from then on, and no prompt and
no secret of it is stored. A copy reports to us and to nobody else.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from hms_client import Assistant, Forbidden, HMSClient, HMSError, NotFound
from organizations import attachments, hms, reporting
from organizations.configurations import plain
from organizations.models import Organization
from tenancy import schemas
from vault.models import HMSConnection

log = logging.getLogger(__name__)
_COPIED = (
    "business_name",
    "first_message",
    "max_duration_seconds",
    "autonomous_silence_handling",
    "silence_timeout_seconds",
    "voicemail_detection",
    "voicemail_message",
    "gdpr_mode",
    "analysis_plan",
    "stt_config",
    "llm_config",
    "tts_config",
    "speech_config",
)


@dataclass(frozen=True, slots=True)
class Choice:
    """An assistant of the agency's own organization."""

    id: str
    name: str


def chosen() -> str:
    """HMS's id of the template; "" for none."""
    found = HMSConnection.objects.filter(agency_id=schemas.current_agency_id()).values_list(
        "template_assistant_id", flat=True
    )
    return found.first() or ""


def choose(assistant_id: str) -> None:
    """Make this assistant of the agency's organization the template; "" for none."""
    HMSConnection.objects.filter(agency_id=schemas.current_agency_id()).update(template_assistant_id=assistant_id)


def choices() -> tuple[Choice, ...]:
    """The assistants of the agency's own organization, by name. Raises hms.NoKey or an hms_client.HMSError."""
    with hms.for_agency() as client:
        rows = [Choice(row.id, row.name) for row in client.assistants.list()]
    return tuple(sorted(rows, key=lambda row: row.name.casefold()))


def publish(organization: Organization, assistant_id: str) -> None:
    """Copy a client's assistant into the agency's own organization, where it takes no calls, and make it the template.

    Talks to HMS: not to be called inside a transaction. Raises hms.NoKey or an hms_client.HMSError.
    """
    with hms.for_organization(organization) as client:
        row = client.assistants.get(assistant_id)
    with hms.for_agency() as client:
        made = copy(row, client, is_active=False, without=organization.custom_tools)
    choose(made.id)


def copy_for(organization: Organization, client: HMSClient) -> Assistant | None:
    """Make a copy of the template in a client's organization, with `client` of its key; None when there is no template.

    A template that HMS has no more is no template. Raises hms.NoKey or an hms_client.HMSError.
    """
    template_id = chosen()
    if not template_id:
        return None
    try:
        with hms.for_agency() as agencys:
            row = agencys.assistants.get(template_id)
    except (NotFound, Forbidden):
        log.warning("the template assistant of this agency is gone at HMS")
        return None
    made = copy(row, client, **reporting.to_us(organization.pk))
    reporting.forget(organization)
    return made


def copy(
    row: Assistant, client: HMSClient, *, is_active: bool = True, without: Collection[str] = (), **reports: Any
) -> Assistant:
    """An assistant like this one. What its organization alone has stays behind: MCP servers, and the custom tools named
    in `without`. HMS takes the question for consent in a change alone: until it has it, the copy is
    off, and a copy that HMS does not give it to is taken away again."""
    fields = {name: plain(getattr(row, name)) for name in _COPIED if getattr(row, name) is not None}
    if "llm_config" in fields:
        fields["llm_config"] = attachments.portable(row, without=without)
    consent = plain(row.recording_consent) if row.recording_consent else None
    made = client.assistants.create(name=row.name, **fields, **reports, is_active=is_active and not consent)
    if not consent:
        return made
    try:
        return client.assistants.update(made.id, recording_consent=consent, is_active=is_active)
    except HMSError:
        client.assistants.delete(made.id)
        raise
