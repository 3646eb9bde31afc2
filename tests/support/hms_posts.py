"""Signed messages as HMS posts them to an organization's endpoint."""

import json
import time
from typing import Any

from django.test import Client as Browser

from hms_client import signatures
from inbox import hms_endpoints


def post(ours: hms_endpoints.Endpoint, kind: str, *, call: str = "c1", **message: Any) -> Any:
    """Post one message of this kind about a call; the JSON that answers it."""
    body = json.dumps({"message": {"type": kind, "call": {"id": call}} | message}).encode()
    timestamp = str(int(time.time()))
    headers = {
        "host": "portal.localhost",
        "x-webhook-timestamp": timestamp,
        "x-webhook-signature": signatures.sign(body, timestamp, ours.secret),
    }
    browser = Browser(enforce_csrf_checks=True)
    address = f"/api/webhooks/hms/{ours.token}"
    return browser.post(address, body, content_type="application/json", headers=headers).json()


def call_of(name: str, call_id: str = "t1", **arguments: Any) -> dict[str, Any]:
    """An entry of a tool-calls message."""
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def call_tools(ours: hms_endpoints.Endpoint, *calls: dict[str, Any], **message: Any) -> Any:
    """Have the assistant call these tools at once; what HMS is told."""
    return post(ours, "tool-calls", tool_call_list=list(calls), **message)
