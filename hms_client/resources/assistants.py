"""Voice assistants. In a change, None clears a field; a field not named stays as it is."""

from collections.abc import Mapping, Sequence
from typing import TypedDict, Unpack

from hms_client.resources.collection import Collection
from hms_client.shapes.assistants import Assistant
from hms_client.transport import Transport

Settings = Mapping[str, object]


class AssistantFields(TypedDict, total=False):
    """What can be set when an assistant is made, beside its name."""

    business_name: str | None
    notification_email: str | None
    first_message: str | None
    is_active: bool
    max_duration_seconds: int | None
    autonomous_silence_handling: bool
    silence_timeout_seconds: int
    voicemail_detection: bool | None
    voicemail_message: str | None
    gdpr_mode: bool
    webhook_url: str | None
    webhook_secret: str | None
    webhook_events: Sequence[str] | None
    analysis_plan: Settings | None
    stt_config: Settings
    llm_config: Settings
    tts_config: Settings | None
    speech_config: Settings | None


class AssistantChanges(AssistantFields, total=False):
    """What can be changed later; two fields exist only here."""

    name: str
    notification_emails: Sequence[str] | None
    recording_consent: Settings | None


class Assistants(Collection[Assistant]):
    """`client.assistants`."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport, "/assistants", many="assistants", one="assistant", read=Assistant.from_json)

    def create(self, *, name: str, **fields: Unpack[AssistantFields]) -> Assistant:
        """Create an assistant; HMS fills in whatever is not given."""
        return self._create({"name": name, **fields})

    def update(self, assistant_id: str, /, **changes: Unpack[AssistantChanges]) -> Assistant:
        """Change the fields given; a configuration given replaces the whole block."""
        return self._update(assistant_id, changes)
