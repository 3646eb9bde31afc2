"""Events: a snapshot of what changed, kept, and owed to every enabled endpoint that wants its type."""

from typing import Any

from sandbox import ids, settings, times
from sandbox.store import Document
from sandbox.stripe import fields, objects
from sandbox.stripe.auth import API_VERSION, Asked, keyed
from sandbox.stripe.refusals import refuse
from sandbox.world import World

REORDER_STEP_SECONDS = 0.3
MOST_TYPES = 20
BY_NOBODY: tuple[str | None, str | None] = (None, None)


def emit(
    world: World,
    account_id: str,
    happened: list[tuple[str, Document]],
    *,
    request: tuple[str | None, str | None] = BY_NOBODY,
) -> list[Document]:
    """Keeps one event per (type, object) in order and owes each to the endpoints. Call it in the change's transaction.

    `request` is the API request's id and idempotency key; a buyer on the Checkout page has neither.
    """
    account = world.store.get("stripe_account", account_id) or {}
    turned = settings.read(world.store, "stripe")
    made = []
    for place, (type_, document) in enumerate(happened):
        event = objects.base(account, f"evt_1{ids.token(23)}", "event") | {
            "api_version": API_VERSION,
            "data": {"object": objects.public(document)},
            "request": {"id": request[0], "idempotency_key": request[1]},
            "type": type_,
        }
        objects.add(world, account, event)
        later = (len(happened) - 1 - place) * REORDER_STEP_SECONDS if turned["reorder"] else 0.0
        _owe(world, event, turned, later)
        made.append(event)
    return made


def wanting(world: World, account_id: str, type_: str) -> list[Document]:
    """The account's enabled endpoints that want events of this type."""
    endpoints = world.store.find("stripe_webhook_endpoint", owner=account_id)
    return [
        endpoint
        for endpoint in endpoints
        if endpoint["status"] == "enabled"
        and ("*" in endpoint["enabled_events"] or type_ in endpoint["enabled_events"])
    ]


def _owe(world: World, event: Document, turned: dict[str, Any], later: float) -> None:
    is_off = turned["webhooks"] == "off"
    for endpoint in wanting(world, event["_account"], event["type"]):
        delivery = {
            "id": ids.stripe_id("dlv"),
            "account": event["_account"],
            "event": event["id"],
            "type": event["type"],
            "endpoint": endpoint["id"],
            "url": endpoint["url"],
            "state": "missed" if is_off else "waiting",
            "attempts": [],
        }
        world.store.add(
            "stripe_delivery",
            delivery["id"],
            delivery,
            owner=event["_account"],
            tag=event["id"],
            due=None if is_off else times.now() + turned["delay_seconds"] + later,
        )


def deliveries(world: World, event_id: str) -> list[Document]:
    return world.store.find("stripe_delivery", tag=event_id)


def pending(world: World, event_id: str) -> int:
    """How many endpoints have not yet answered 2xx."""
    return sum(1 for delivery in deliveries(world, event_id) if delivery["state"] != "delivered")


def shown(world: World, event: Document, endpoint: Document | None = None) -> dict[str, Any]:
    """The event as answered, or as sent to an endpoint in the version the endpoint has."""
    body = objects.public(event) | {"pending_webhooks": pending(world, event["id"])}
    if endpoint is not None and endpoint["api_version"]:
        body["api_version"] = endpoint["api_version"]
    return body


@keyed
def show(world: World, asked: Asked, id_: str) -> dict[str, Any]:
    return shown(world, objects.owned(world, asked, "event", id_))


@keyed
def index(world: World, asked: Asked) -> dict[str, Any]:
    found = objects.all_of(world, asked, "event")
    one, several = fields.text(asked.params, "type"), fields.texts(asked.params, "types")
    if one is not None and several is not None:
        raise refuse(400, "You may only specify one of these parameters: type, types.", param="types")
    if len(several or []) > MOST_TYPES:
        raise refuse(400, f"You may pass up to {MOST_TYPES} types.", param="types")
    wanted = [one] if one is not None else several
    if wanted is not None:
        found = [event for event in found if _is_wanted(event["type"], wanted)]
    if fields.text(asked.params, "delivery_success") is not None:
        success = fields.flag(asked.params, "delivery_success", default=True)
        found = [event for event in found if (pending(world, event["id"]) == 0) == success]
    page = objects.listing(world, asked, found)
    page["data"] = [event | {"pending_webhooks": pending(world, event["id"])} for event in page["data"]]
    return page


def _is_wanted(type_: str, wanted: list[str]) -> bool:
    return any(type_ == one or (one.endswith(".*") and type_.startswith(one[:-1])) for one in wanted)
