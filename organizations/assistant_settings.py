"""What can be set on an assistant, by plain names, and what has to be sent to HMS so that it is so.

HMS keeps the model, the voice and the hearing in blocks that a change replaces whole. A change made here keeps whatever
else stands in a block, sends only blocks that differ, and is nothing at all when nothing differs.
"""

from collections.abc import Mapping
from typing import Any, Final

from hms_client import Assistant
from organizations.configurations import plain

# Providers as HMS names them.
HEARING: Final = ("deepgram", "elevenlabs", "gladia", "mistral", "google")
WRITTEN_MODELS: Final = ("openai", "xai", "mistral", "google")
# These hear and speak by themselves: their voice stands beside the model, and there is no separate one.
SPEAKING_MODELS: Final = ("google_realtime", "xai_realtime", "openai_live")
VOICES: Final = ("elevenlabs", "inworld", "google", "xai")
MOST_SECONDS: Final = 14_400

_TEXTS = ("name", "business_name", "first_message", "voicemail_message")
_FLAGS = ("is_active", "autonomous_silence_handling", "voicemail_detection", "gdpr_mode")
_NUMBERS = ("max_duration_seconds", "silence_timeout_seconds")
# Which field a complaint of HMS about a block is shown beside.
NAMES: Final = {
    **{name: name for name in (*_TEXTS, *_FLAGS, *_NUMBERS)},
    "llm_config": "model",
    "tts_config": "voice",
    "stt_config": "language",
    "recording_consent": "consent_message",
    "model": "model",
    "voice": "voice",
    "language": "language",
}


def read(row: Assistant) -> dict[str, Any]:
    """The settings of an assistant; "" and None where HMS says nothing."""
    model, voice, hearing, consent = (
        plain(block or {}) for block in (row.llm_config, row.tts_config, row.stt_config, row.recording_consent)
    )
    speaks = model.get("provider") in SPEAKING_MODELS
    return {
        **{name: getattr(row, name) or "" for name in _TEXTS},
        **{name: bool(getattr(row, name)) for name in _FLAGS},
        **{name: getattr(row, name) for name in _NUMBERS},
        "is_active": row.is_active is not False,
        "system_prompt": _prompt(model),
        "model_provider": _text(model, "provider"),
        "model": _text(model, "model"),
        "voice_provider": _text(voice, "provider"),
        "voice": _text(model if speaks else voice, "voice"),
        "hearing_provider": _text(hearing, "provider"),
        "hearing_model": _text(hearing, "model"),
        "language": _text(hearing, "language"),
        "consent_enabled": consent.get("enabled") is True,
        "consent_message": _text(consent, "message"),
    }


def changes(row: Assistant | None, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The fields to send so that an assistant has these settings; `row` is it as HMS has it, None for a new one."""
    now = read(row) if row else dict.fromkeys(wanted)
    sent: dict[str, Any] = {}
    for name in (*_TEXTS, *_FLAGS, *_NUMBERS):
        if wanted[name] != now[name] and not (row is None and wanted[name] in ("", None)):
            sent[name] = None if wanted[name] == "" else wanted[name]
    for name, block in _blocks(row, wanted).items():
        known = _block(row, name)
        if block != known and (block or known):
            sent[name] = block
    return sent


def _blocks(row: Assistant | None, wanted: Mapping[str, Any]) -> dict[str, Any]:
    speaks = wanted["model_provider"] in SPEAKING_MODELS
    model = _with(_block(row, "llm_config"), provider=wanted["model_provider"], model=wanted["model"])
    if speaks:
        model = _with(model, voice=wanted["voice"])
    elif row and read(row)["model_provider"] in SPEAKING_MODELS:
        model.pop("voice", None)
    if wanted["system_prompt"] != _prompt(model):
        model["messages"] = _prompted(model.get("messages"), wanted["system_prompt"])
    blocks: dict[str, Any] = {
        "llm_config": model,
        "tts_config": None if speaks else _with(_block(row, "tts_config"), provider=wanted["voice_provider"]),
        "stt_config": _with(
            _block(row, "stt_config"),
            provider=wanted["hearing_provider"],
            model=wanted["hearing_model"],
            language=wanted["language"],
        ),
    }
    if not speaks:
        blocks["tts_config"] = _with(blocks["tts_config"], voice=wanted["voice"])
    consent = _with(_block(row, "recording_consent"), message=wanted["consent_message"])
    if consent or wanted["consent_enabled"]:
        consent["enabled"] = wanted["consent_enabled"]
    return {**blocks, "recording_consent": consent}


def _block(row: Assistant | None, name: str) -> dict[str, Any] | None:
    return plain(getattr(row, name)) if row else None


def _with(block: Mapping[str, Any] | None, **values: str) -> dict[str, Any]:
    """The block with these values; an empty one is taken out."""
    changed: dict[str, Any] = plain(block or {})
    for name, value in values.items():
        if value:
            changed[name] = value
        else:
            changed.pop(name, None)
    return changed


def _prompt(model: Mapping[str, Any]) -> str:
    """What the model is told first: the first message of the system."""
    for message in model.get("messages") or ():
        if isinstance(message, Mapping) and message.get("role") == "system":
            return _text(message, "content")
    return ""


def _prompted(messages: Any, prompt: str) -> list[Any]:
    """The messages with another first word of the system; all others stay."""
    kept = list(messages or ())
    at = next((at for at, each in enumerate(kept) if each.get("role") == "system"), None)
    said = [{"role": "system", "content": prompt}] if prompt else []
    return said + kept if at is None else kept[:at] + said + kept[at + 1 :]


def _text(block: Mapping[str, Any], name: str) -> str:
    value = block.get(name)
    return value if isinstance(value, str) else ""
