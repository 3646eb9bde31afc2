"""Brings events to endpoints with a real Stripe-Signature, and tries again later until one 2xx or the last try."""

import hashlib
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sandbox import delivery, settings, times
from sandbox.delivery import Outcome
from sandbox.store import Document
from sandbox.stripe import events
from sandbox.world import World

LEASE_SECONDS = 60
MOST_AT_ONCE = 100
USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"


def signature(secrets: list[str], timestamp: int, raw: bytes) -> str:
    """The header: one v1 for each secret that is valid now."""
    signed = str(timestamp).encode() + b"." + raw
    parts = [f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}" for secret in secrets]
    return ",".join([f"t={timestamp}", *parts])


def valid_secrets(endpoint: Document) -> list[str]:
    """The endpoint's secrets, newest first; more than one while one is being replaced."""
    now = times.now()
    return [entry["secret"] for entry in endpoint["_secrets"] if entry["until"] is None or entry["until"] > now]


def post(world: World, event: Document, endpoint: Document) -> Outcome:
    """Sends the event once, now, on this thread."""
    turned = settings.read(world.store, "stripe")
    raw = json.dumps(events.shown(world, event, endpoint), indent=2).encode()
    secrets = valid_secrets(endpoint)
    if turned["wrong_signature"]:
        secrets = [f"{secret}-wrong" for secret in secrets]
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Accept": "*/*",
        "User-Agent": USER_AGENT,
        "Stripe-Signature": signature(secrets, int(time.time()), raw),
    }
    return delivery.send(endpoint["url"], raw, headers, float(turned["timeout_seconds"]))


def noted(outcome: Outcome) -> dict[str, Any]:
    return {
        "at": times.iso(times.now()),
        "status": outcome.status,
        "error": outcome.error,
        "seconds": round(outcome.seconds, 3),
    }


def fall_due(world: World, owed: Document) -> None:
    """The clock's handler: hands the delivery to a thread; the lease brings it back should that thread die."""
    world.store.arm("stripe_delivery", owed["id"], times.now() + LEASE_SECONDS)
    world.lanes.submit(lambda: attempt(world, owed["id"]))


def attempt(world: World, delivery_id: str) -> None:
    """One try (and its duplicates, when they are switched on), then delivered, waiting again or failed."""
    owed = world.store.get("stripe_delivery", delivery_id)
    if owed is None or owed["state"] not in ("waiting",):
        world.store.arm("stripe_delivery", delivery_id, None)
        return
    event = world.store.get("stripe_event", owed["event"])
    endpoint = world.store.get("stripe_webhook_endpoint", owed["endpoint"])
    if event is None or endpoint is None or endpoint["status"] != "enabled":
        _settle(world, delivery_id, "failed", [])
        return
    turned = settings.read(world.store, "stripe")
    outcomes = [post(world, event, endpoint) for _ in range(1 + int(turned["duplicate"]))]
    if any(outcome.is_success for outcome in outcomes):
        _settle(world, delivery_id, "delivered", outcomes)
        return
    waits = list(turned["retry_seconds"])
    tried = len(owed["attempts"])
    if tried >= len(waits) or turned["webhooks"] == "off":
        _settle(world, delivery_id, "failed", outcomes)
        return
    _settle(world, delivery_id, "waiting", outcomes, again_in=float(waits[tried]))


def _settle(
    world: World, delivery_id: str, state: str, outcomes: list[Outcome], *, again_in: float | None = None
) -> None:
    with world.store.transaction():
        owed = world.store.get("stripe_delivery", delivery_id)
        if owed is None:
            return
        owed["attempts"] += [noted(outcome) for outcome in outcomes[:1]]
        # A hand-made delivery may have reached the endpoint meanwhile: delivered stays delivered.
        owed["state"] = "delivered" if owed["state"] == "delivered" else state
        world.store.save("stripe_delivery", delivery_id, owed)
        waits = again_in is not None and owed["state"] == "waiting"
        world.store.arm(
            "stripe_delivery", delivery_id, times.now() + again_in if waits and again_in is not None else None
        )


def deliver_now(world: World, event: Document, *, times_each: int, parallel: int) -> list[dict[str, Any]]:
    """Sends the event to each of its endpoints so many times, so many at once, and says what each answered."""
    endpoints = events.wanting(world, event["_account"], event["type"])
    jobs = [endpoint for endpoint in endpoints for _ in range(times_each)]
    with ThreadPoolExecutor(max(1, min(parallel, MOST_AT_ONCE))) as pool:
        outcomes = list(pool.map(lambda endpoint: (endpoint["id"], post(world, event, endpoint)), jobs))
    reached = {endpoint_id for endpoint_id, outcome in outcomes if outcome.is_success}
    with world.store.transaction():
        for owed in events.deliveries(world, event["id"]):
            if owed["endpoint"] in reached:
                owed["state"] = "delivered"
                world.store.save("stripe_delivery", owed["id"], owed)
                world.store.arm("stripe_delivery", owed["id"], None)
    return [{"endpoint": endpoint_id} | noted(outcome) for endpoint_id, outcome in outcomes]


def wait_until_delivered(world: World, event_id: str, seconds: float) -> bool:
    """Waits for every 2xx on the event, as the Checkout page does before it lets the buyer go."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        states = {owed["state"] for owed in events.deliveries(world, event_id)}
        if "waiting" not in states:
            return states <= {"delivered"}
        time.sleep(0.03)
    return False
