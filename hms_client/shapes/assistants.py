"""Assistants. The webhook secret, which HMS returns in clear, is never printed."""

from datetime import datetime

from hms_client.reading import flag, identity, mapping, moment, seconds, text, texts
from hms_client.shapes.shape import Shape, exact, optional, required, rest, shape
from hms_client.values import FrozenMap


@shape
class Assistant(Shape):
    """A voice assistant. Its configurations are kept as HMS wrote them."""

    id: str = required(identity)
    name: str = required(text)
    is_active: bool | None = optional(flag)
    business_name: str | None = optional(text)
    max_duration_seconds: int | None = optional(seconds)
    gdpr_mode: bool | None = exact(flag)
    first_message: str | None = optional(text)
    notification_email: str | None = optional(text, shown=False)
    notification_emails: tuple[str, ...] | None = optional(texts, shown=False)
    recording_consent: FrozenMap | None = optional(mapping)
    autonomous_silence_handling: bool | None = optional(flag)
    silence_timeout_seconds: int | None = optional(seconds)
    voicemail_detection: bool | None = optional(flag)
    voicemail_message: str | None = optional(text)
    webhook_url: str | None = optional(text, shown=False)  # may hold an unguessable part
    webhook_secret: str | None = optional(text, shown=False)
    webhook_events: tuple[str, ...] | None = optional(texts)
    analysis_plan: FrozenMap | None = optional(mapping, shown=False)
    stt_config: FrozenMap | None = optional(mapping, shown=False)
    llm_config: FrozenMap | None = optional(mapping, shown=False)
    tts_config: FrozenMap | None = optional(mapping, shown=False)
    speech_config: FrozenMap | None = optional(mapping, shown=False)
    created_at: datetime | None = optional(moment)
    updated_at: datetime | None = optional(moment)
    extra: FrozenMap = rest()
