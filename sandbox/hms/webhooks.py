"""Messages to an assistant's webhook address, signed over the exact bytes sent; those of one call leave in order."""

import hashlib
import hmac
import json
import time
from typing import Any

from sandbox import delivery, ids, settings, times
from sandbox.delivery import Outcome
from sandbox.hms.assistants import EVENTS
from sandbox.store import Document
from sandbox.world import World

ASK_SECONDS, TOOL_SECONDS, TELL_SECONDS = 5.0, 10.0, 10.0
STALE_SECONDS = 3600
CALL_TYPES = {"inbound": "inbound_phone_call", "outbound": "outbound_phone_call", "web": "web_call"}


def wants(call: Document, event: str) -> bool:
    """Whether the call's assistant has an address and asked for this event; no list means all of them."""
    chosen = call["_config"].get("webhook_events")
    return bool(call["_config"].get("webhook_url")) and event in (EVENTS if chosen is None else chosen)


def message(call: Document, event: str, extra: dict[str, Any]) -> dict[str, Any]:
    """The body of an event about the call as it is now."""
    number = {"id": call["number_id"], "number": call["assistant_phone"], "name": call["agent_name"]}
    assistant = {name: value for name, value in call["_config"].items() if name != "webhook_secret"}
    return {
        "message": {
            "type": event,
            "timestamp": times.iso(times.now()),
            "call": {
                "id": call.get("_told_id", call["id"]),
                "type": CALL_TYPES[call["direction"]],
                "status": call["status"],
            },
            "phone_number": number,
            "customer": {"number": call["caller_phone"]},
            "assistant": assistant,
        }
        | extra
    }


def signature(secret: str, timestamp: str, raw: bytes) -> str:
    """HMAC-SHA256 over timestamp, a full stop and the bytes, in lowercase hex."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + raw, hashlib.sha256).hexdigest()


def headers(event: str, secret: str | None, raw: bytes, turned: dict[str, Any]) -> dict[str, str]:
    timestamp = str(int(time.time()) - (STALE_SECONDS if turned["stale_timestamp"] else 0))
    named = {
        "Content-Type": "application/json",
        "User-Agent": "HMS-Sovereign/1.0",
        "X-Webhook-Event": event,
        "X-Webhook-Timestamp": timestamp,
    }
    if secret:
        key = secret + "-wrong" if turned["wrong_signature"] else secret
        prefix = "sha256=" if turned["signature_prefix"] else ""
        named["X-Webhook-Signature"] = prefix + signature(key, timestamp, raw)
    return named


def post(world: World, call: Document, event: str, extra: dict[str, Any], timeout_seconds: float) -> Outcome:
    """Sends one event now, on this thread, and notes what came of it."""
    note = {
        "organization_id": call["_organization"],
        "call_id": call["id"],
        "type": event,
        "call_status": call["status"],
        "url": str(call["_config"]["webhook_url"]),
    }
    if settings.read(world.store, "hms")["webhooks"] == "off":
        outcome = Outcome(None, b"", "webhooks are switched off", 0.0)
    else:
        note |= {"_raw": json.dumps(message(call, event, extra)), "_secret": call["_config"].get("webhook_secret")}
        outcome = _sent(world, note, timeout_seconds)
    _note(world, note, outcome)
    return outcome


def again(world: World, earlier: Document) -> Document:
    """Sends the bytes of an earlier delivery once more, with a signature of now, and gives the new delivery."""
    note = {name: earlier[name] for name in ("organization_id", "call_id", "type", "call_status", "url")}
    note |= {"_raw": earlier["_raw"], "_secret": earlier["_secret"]}
    return _note(world, note, _sent(world, note, TELL_SECONDS))


def _sent(world: World, note: Document, timeout_seconds: float) -> Outcome:
    raw = note["_raw"].encode()
    named = headers(note["type"], note["_secret"], raw, settings.read(world.store, "hms"))
    return delivery.send(note["url"], raw, named, timeout_seconds)


def _note(world: World, note: Document, outcome: Outcome) -> Document:
    came = {"status": outcome.status, "error": outcome.error, "seconds": round(outcome.seconds, 3)}
    noted = {"id": ids.uuid4(), **note, **came, "at": times.iso(times.now())}
    world.store.add("hms_delivery", noted["id"], noted, owner=note["organization_id"], tag=note["call_id"])
    return noted


def announce(world: World, call: Document, event: str, extra: dict[str, Any]) -> None:
    """Sends an event whose answer does not matter, after the call's earlier ones and without holding anybody up."""
    if not wants(call, event):
        return

    def tell() -> None:
        turned = settings.read(world.store, "hms")
        time.sleep(turned["delay_seconds"])
        for _ in range(1 + int(turned["duplicate"])):
            post(world, call, event, extra, TELL_SECONDS)

    world.lanes.submit_to(call["id"], tell)


def answer_of(outcome: Outcome) -> dict[str, Any]:
    """The JSON object an address answered with 2xx; anything else is an empty one."""
    if not outcome.is_success:
        return {}
    try:
        body = json.loads(outcome.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
