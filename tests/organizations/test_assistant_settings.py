"""From settings in plain names to what HMS is sent: nothing but what differs, and no block loses what it held."""

from typing import Any

import pytest

from hms_client import Assistant
from organizations import assistant_settings

EMPTY = assistant_settings.read(Assistant.from_json({"id": "a1", "name": "Desk"}))


def row(**fields: Any) -> Assistant:
    return Assistant.from_json({"id": "a1", "name": "Desk", **fields})


def wanted(start: Assistant | None = None, **changes: Any) -> dict[str, Any]:
    return {**(assistant_settings.read(start) if start else EMPTY), **changes}


def test_nothing_is_sent_when_nothing_differs() -> None:
    known = row(
        first_message="Hi",
        llm_config={"provider": "openai", "model": "m", "messages": [{"role": "system", "content": "x"}]},
        tts_config={"provider": "inworld", "voice": "v"},
        stt_config={"provider": "deepgram", "language": "nl"},
        recording_consent={"enabled": True, "message": "Press 1"},
    )
    assert assistant_settings.changes(known, wanted(known)) == {}


def test_a_new_assistant_is_sent_without_what_was_left_empty() -> None:
    assert assistant_settings.changes(None, wanted(name="Desk")) == {
        "name": "Desk",
        "is_active": True,
        "autonomous_silence_handling": False,
        "voicemail_detection": False,
        "gdpr_mode": False,
    }


def test_an_emptied_text_is_cleared() -> None:
    known = row(first_message="Hi")
    assert assistant_settings.changes(known, wanted(known, first_message="")) == {"first_message": None}


@pytest.mark.parametrize("provider", assistant_settings.SPEAKING_MODELS)
def test_a_model_that_speaks_by_itself_has_its_voice_beside_it_and_no_other(provider: str) -> None:
    known = row(llm_config={"provider": "openai", "model": "m"}, tts_config={"provider": "inworld", "voice": "v"})
    sent = assistant_settings.changes(known, wanted(known, model_provider=provider, voice="alloy"))
    assert sent == {"llm_config": {"provider": provider, "model": "m", "voice": "alloy"}, "tts_config": None}
    spoke = row(llm_config={"provider": provider, "model": "m", "voice": "alloy"})
    back = assistant_settings.changes(spoke, wanted(spoke, model_provider="openai", voice_provider="inworld"))
    assert back == {
        "llm_config": {"provider": "openai", "model": "m"},
        "tts_config": {"provider": "inworld", "voice": "alloy"},
    }


def test_only_the_first_word_of_the_system_is_replaced() -> None:
    said = [
        {"role": "user", "content": "a"},
        {"role": "system", "content": "old"},
        {"role": "system", "content": "second"},
    ]
    known = row(llm_config={"messages": said})
    sent = assistant_settings.changes(known, wanted(known, system_prompt="new"))
    assert sent["llm_config"]["messages"] == [said[0], {"role": "system", "content": "new"}, said[2]]
    gone = assistant_settings.changes(known, wanted(known, system_prompt=""))
    assert gone["llm_config"]["messages"] == [said[0], said[2]]


def test_consent_that_was_never_asked_for_is_not_mentioned() -> None:
    assert "recording_consent" not in assistant_settings.changes(row(), wanted(first_message="x"))
    off = row(recording_consent={"enabled": True, "message": "m"})
    assert assistant_settings.changes(off, wanted(off, consent_enabled=False)) == {
        "recording_consent": {"enabled": False, "message": "m"}
    }
