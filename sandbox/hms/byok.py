"""Keys of an organization's own at the providers behind HMS: they go in, and only a reference comes out."""

from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox import ids
from sandbox.answers import json_answer, read_json, refuse
from sandbox.hms import readings
from sandbox.hms.auth import keyed
from sandbox.store import Document
from sandbox.world import World

PROVIDERS = (
    "deepgram",
    "openai",
    "elevenlabs",
    "inworld",
    "resend",
    "xai",
    "gladia",
    "mistral",
    "google",
    "google_vertex",
)
LEAST_CHARACTERS = 8


def _held(world: World, organization: Document) -> Document:
    return world.store.get("hms_byok", organization["id"]) or {"secret_ids": {}, "config": {}}


def has(world: World, organization: Document, provider: str) -> bool:
    """Whether the organization has a key of its own there."""
    return provider in _held(world, organization)["secret_ids"]


def _hold(world: World, organization: Document, held: Document) -> None:
    if world.store.get("hms_byok", organization["id"]) is None:
        world.store.add("hms_byok", organization["id"], held, owner=organization["id"])
    world.store.save("hms_byok", organization["id"], held)


def _provider(body: dict[str, Any]) -> str:
    provider = body.get("provider")
    if provider not in PROVIDERS:
        raise refuse(400, "Invalid provider", f"Known: {', '.join(PROVIDERS)}")
    return str(provider)


def _keys(held: Document) -> dict[str, Any]:
    return {"byok_keys": {f"{name}_secret_id": held["secret_ids"].get(name) for name in PROVIDERS}}


@keyed
def show(world: World, request: Request, organization: Document) -> Response:
    return json_answer(_keys(_held(world, organization)))


@keyed
def put(world: World, request: Request, organization: Document) -> Response:
    body = read_json(request)
    provider, key = _provider(body), body.get("api_key")
    if not isinstance(key, str) or len(key.strip()) < LEAST_CHARACTERS:
        raise refuse(400, "Invalid api_key", f"A key of {provider} has more characters.")
    with world.store.transaction():
        held = _held(world, organization)
        held["secret_ids"][provider] = ids.uuid4()
        _hold(world, organization, held)
    return json_answer({"success": True} | _keys(held))


@keyed
def delete(world: World, request: Request, organization: Document) -> Response:
    provider = _provider(read_json(request))
    with world.store.transaction():
        held = _held(world, organization)
        if held["secret_ids"].pop(provider, None) is None:
            raise refuse(404, f"No key of {provider}")
        held["config"].pop(provider, None)
        _hold(world, organization, held)
    answer = readings.gone(world)
    return answer if answer.status_code == 204 else json_answer({"success": True} | _keys(held))


@keyed
def configure(world: World, request: Request, organization: Document) -> Response:
    body = read_json(request)
    provider, config = _provider(body), body.get("config")
    if not isinstance(config, dict):
        raise refuse(400, "Invalid config", "It must be a JSON object.")
    with world.store.transaction():
        held = _held(world, organization)
        if provider not in held["secret_ids"]:
            raise refuse(400, f"Set a key of {provider} first")
        held["config"][provider] = held["config"].get(provider, {}) | config
        _hold(world, organization, held)
    return json_answer({"byok_config": held["config"]})
