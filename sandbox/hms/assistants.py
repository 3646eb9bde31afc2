"""Assistants: created, read, changed and deleted by the key's organization; /agents is the same under its old name."""

from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox import ids, times
from sandbox.answers import json_answer, read_json, refuse
from sandbox.hms import readings
from sandbox.hms.auth import keyed
from sandbox.store import Document
from sandbox.world import World

EVENTS = ("assistant-request", "status-update", "tool-calls", "end-of-call-report")
FIELDS: dict[str, Any] = {
    "name": None,
    "business_name": None,
    "notification_email": None,
    "notification_emails": [],
    "recording_consent": None,
    "first_message": None,
    "is_active": True,
    "max_duration_seconds": 1800,
    "autonomous_silence_handling": False,
    "silence_timeout_seconds": 10,
    "voicemail_detection": False,
    "voicemail_message": None,
    "gdpr_mode": False,
    "webhook_url": None,
    "webhook_secret": None,
    "webhook_events": None,
    "analysis_plan": None,
    "stt_config": {"provider": "deepgram", "model": "nova-3", "language": "multi"},
    "llm_config": {"provider": "openai", "model": "gpt-4.1-mini", "messages": [], "tools": []},
    "tts_config": {"provider": "elevenlabs", "voice_id": "voice-anna"},
    "speech_config": None,
}

# What HMS takes in a change alone, and leaves out of what a new assistant is made of.
ONLY_IN_A_CHANGE = ("notification_emails", "recording_consent")
MOST_ADDRESSES = 5


def open_assistant(world: World, organization: Document, fields: dict[str, Any]) -> Document:
    """A new assistant of the organization. Refused 400 for fields that make no sense."""
    _check(fields)
    if not isinstance(fields.get("name"), str) or not fields["name"].strip():
        raise refuse(400, "Missing required field: name")
    at = times.now()
    stamps = {"created_at": times.iso(at), "updated_at": times.iso(at)}
    known = {name: value for name, value in fields.items() if name in FIELDS and name not in ONLY_IN_A_CHANGE}
    assistant = {"id": ids.uuid4(), **FIELDS, **known, **stamps, "_organization": organization["id"]}
    world.store.add("hms_assistant", assistant["id"], assistant, owner=organization["id"], at=at)
    return assistant


def _check(fields: dict[str, Any]) -> None:
    events = fields.get("webhook_events")
    if events is not None and (not isinstance(events, list) or not set(events) <= set(EVENTS)):
        raise refuse(400, "Invalid webhook_events", f"Known events: {', '.join(EVENTS)}")
    most = fields.get("max_duration_seconds")
    if most is not None and (not isinstance(most, int) or isinstance(most, bool) or most < 1):
        raise refuse(400, "Invalid max_duration_seconds", "It must be a whole number from 1.")
    for name in ("is_active", "gdpr_mode"):
        if name in fields and not isinstance(fields[name], bool):
            raise refuse(400, f"Invalid {name}", "It must be true or false.")
    addresses = fields.get("notification_emails")
    if addresses is not None and (not isinstance(addresses, list) or len(addresses) > MOST_ADDRESSES):
        raise refuse(400, "Invalid notification_emails", f"At most {MOST_ADDRESSES} addresses.")
    consent = fields.get("recording_consent")
    if consent is not None and not (isinstance(consent, dict) and isinstance(consent.get("enabled"), bool)):
        raise refuse(400, "Invalid recording_consent", "It takes enabled and message.")


def owned(world: World, organization: Document, assistant_id: Any) -> Document:
    """The organization's assistant of this id. Refused 404."""
    assistant = world.store.get("hms_assistant", assistant_id) if isinstance(assistant_id, str) else None
    if assistant is None or assistant["_organization"] != organization["id"]:
        raise readings.absent(world, "Assistant", assistant)
    return assistant


def public(document: Document) -> dict[str, Any]:
    """A document without what the sandbox notes for itself."""
    return {name: value for name, value in document.items() if not name.startswith("_")}


@keyed
def index(world: World, request: Request, organization: Document) -> Response:
    return json_answer(
        {"assistants": [public(one) for one in world.store.find("hms_assistant", owner=organization["id"])]}
    )


@keyed
def create(world: World, request: Request, organization: Document) -> Response:
    return json_answer({"assistant": public(open_assistant(world, organization, read_json(request)))}, 201)


@keyed
def show(world: World, request: Request, organization: Document, id_: str) -> Response:
    return json_answer({"assistant": public(owned(world, organization, id_))})


@keyed
def update(world: World, request: Request, organization: Document, id_: str) -> Response:
    changes = read_json(request)
    _check(changes)
    if "name" in changes and not changes["name"]:
        raise refuse(400, "Invalid name", "An assistant needs a name.")
    with world.store.transaction():
        assistant = owned(world, organization, id_)
        known = {name: value for name, value in changes.items() if name in FIELDS}
        assistant |= known | {"updated_at": times.iso(times.now())}
        world.store.save("hms_assistant", id_, assistant)
    return json_answer({"assistant": public(assistant)})


@keyed
def delete(world: World, request: Request, organization: Document, id_: str) -> Response:
    owned(world, organization, id_)
    with world.store.transaction():
        for number in world.store.find("hms_number", owner=organization["id"]):
            if number["agent_id"] == id_:
                world.store.save("hms_number", number["id"], number | {"agent_id": None})
        world.store.delete("hms_assistant", id_)
    return readings.gone(world)
