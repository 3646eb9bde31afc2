"""What HMS reports, as it is sent: a body, signed now with the secret of the organization's address."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from bench.ground import Ground
from bench.hms.agencies import Called
from bench.hms.asking import Request
from hms_client import signatures


def asks_before_a_call(ground: Ground, called: Called) -> Request:
    """An inbound call that rings, and has never rung before."""
    return _signed(ground, called, "assistant-request", {"status": "ringing"}, {})


def calls_a_tool(ground: Ground, called: Called) -> Request:
    """The model of a running call wants to know something."""
    function = {"name": "look_up", "arguments": {"name": "Ben"}}
    return _signed(
        ground,
        called,
        "tool-calls",
        {"status": "in-progress"},
        {"tool_call_list": [{"id": "tool_1", "type": "function", "function": function}]},
    )


def _signed(ground: Ground, called: Called, event: str, call: dict[str, Any], more: dict[str, Any]) -> Request:
    caller = "+31612345678"
    call = {"id": f"call-_{caller}_{uuid.uuid4().hex[:12]}", "type": "inbound_phone_call"} | call
    message = {
        "type": event,
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        "call": call,
        "phone_number": {"id": str(called.pk), "number": "+31200000001", "name": "Front desk"},
        "customer": {"number": caller},
        "assistant": {"id": called.assistant_id, "name": "Assistant", "max_duration_seconds": 1800},
    }
    body = json.dumps({"message": message | more}).encode()
    timestamp = str(int(time.time()))
    headers = {
        "Host": f"{ground.variables['PLATFORM_HOST']}:{ground.ports.hooks}",
        "Content-Type": "application/json",
        "X-Webhook-Event": event,
        "X-Webhook-Timestamp": timestamp,
        "X-Webhook-Signature": signatures.sign(body, timestamp, called.endpoint.secret),
    }
    return Request("POST", f"/api/webhooks/hms/{called.endpoint.token}", headers, body)
