"""Webhook endpoints: created with a secret that is shown once, listed, changed, switched off, deleted, rolled."""

from typing import Any
from urllib.parse import urlsplit

from sandbox import ids, times
from sandbox.delivery import NotOnThisMachine, loopback_address
from sandbox.store import Document
from sandbox.stripe import fields, objects
from sandbox.stripe.auth import Asked, keyed
from sandbox.stripe.refusals import refuse
from sandbox.world import World

CREATE = frozenset(["api_version", "connect", "description", "enabled_events", "metadata", "url"])
UPDATE = frozenset(["description", "disabled", "enabled_events", "metadata", "url"])
MOST_ENDPOINTS = 16
OLD_SECRET_LIVES_SECONDS = 24 * 3600


def _secret() -> str:
    return f"whsec_{ids.token(32)}"


def _url(params: dict[str, Any]) -> str:
    """An address on this machine; Stripe itself would want https for live keys, which loopback does not speak."""
    url = fields.url(params, "url")
    if url is None:
        raise refuse(400, "Missing required param: url.", code="parameter_missing", param="url")
    try:
        loopback_address(urlsplit(url).hostname or "")
    except NotOnThisMachine as error:
        raise refuse(400, "The sandbox delivers to this machine only.", code="url_invalid", param="url") from error
    return url


def _enabled_events(params: dict[str, Any]) -> list[str]:
    chosen = fields.texts(params, "enabled_events")
    if not chosen:
        raise refuse(400, "Missing required param: enabled_events.", code="parameter_missing", param="enabled_events")
    return chosen


@keyed
def create(world: World, asked: Asked) -> dict[str, Any]:
    fields.only(asked.params, CREATE)
    secret = _secret()
    endpoint: Document = objects.base(asked.account, ids.stripe_id("we"), "webhook_endpoint") | {
        "api_version": fields.text(asked.params, "api_version"),
        "application": None,
        "description": fields.text(asked.params, "description"),
        "enabled_events": _enabled_events(asked.params),
        "metadata": fields.metadata(asked.params),
        "status": "enabled",
        "url": _url(asked.params),
        "_secrets": [{"secret": secret, "until": None}],
    }
    with world.store.transaction():
        if world.store.count("stripe_webhook_endpoint", owner=asked.account_id) >= MOST_ENDPOINTS:
            raise refuse(400, f"You have reached the maximum of {MOST_ENDPOINTS} webhook endpoints.")
        objects.add(world, asked.account, endpoint)
    return objects.shown(world, asked, endpoint) | {"secret": secret}


@keyed
def show(world: World, asked: Asked, id_: str) -> dict[str, Any]:
    return objects.shown(world, asked, objects.owned(world, asked, "webhook_endpoint", id_))


@keyed
def index(world: World, asked: Asked) -> dict[str, Any]:
    return objects.listing(world, asked, objects.all_of(world, asked, "webhook_endpoint"))


@keyed
def update(world: World, asked: Asked, id_: str) -> dict[str, Any]:
    params = asked.params
    fields.only(params, UPDATE)
    with world.store.transaction():
        endpoint = objects.owned(world, asked, "webhook_endpoint", id_)
        if "url" in params:
            endpoint["url"] = _url(params)
        if "enabled_events" in params:
            endpoint["enabled_events"] = _enabled_events(params)
        if "description" in params:
            endpoint["description"] = fields.text(params, "description")
        if "disabled" in params:
            endpoint["status"] = "disabled" if fields.flag(params, "disabled", default=False) else "enabled"
        endpoint["metadata"] = fields.metadata(params, endpoint["metadata"])
        objects.save(world, endpoint)
    return objects.shown(world, asked, endpoint)


@keyed
def delete(world: World, asked: Asked, id_: str) -> dict[str, Any]:
    objects.owned(world, asked, "webhook_endpoint", id_)
    world.store.delete("stripe_webhook_endpoint", id_)
    return {"id": id_, "object": "webhook_endpoint", "deleted": True}


def roll(world: World, endpoint_id: str) -> str:
    """A new secret, which is given; the old one signs along for a day. LookupError."""
    with world.store.transaction():
        endpoint = world.store.get("stripe_webhook_endpoint", endpoint_id)
        if endpoint is None:
            raise LookupError(endpoint_id)
        until = times.now() + OLD_SECRET_LIVES_SECONDS
        old = [entry | {"until": until} for entry in endpoint["_secrets"] if entry["until"] is None]
        endpoint["_secrets"] = [{"secret": _secret(), "until": None}, *old]
        objects.save(world, endpoint)
    return str(endpoint["_secrets"][0]["secret"])
