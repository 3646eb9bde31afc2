"""What all answers of HMS's side have in common on their way out: the headers of the limit, the form of an error."""

import json
import re
import time
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox import settings
from sandbox.hms.limits import Count
from sandbox.world import World

PREFIX = "/hms"
NOBODY = "without a key"
CODES = {
    400: "invalid_request",
    401: "unauthorized",
    402: "insufficient_credits",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    422: "unprocessable",
    429: "rate_limit_exceeded",
}
FIELD = re.compile(r"(?:Missing required field: |Invalid )(?P<field>[a-zA-Z_]+)")


def leave(world: World, request: Request, response: Response) -> Response:
    """The answer as it goes out. A gateway's page is not HMS's own and stays as it is."""
    is_counted = "X-RateLimit-Limit" in response.headers
    if response.mimetype == "text/html" or (is_counted and response.status_code < 400):
        return response
    turned = settings.read(world.store, "hms")
    if not is_counted:
        for name, value in _standing(world, request, response, int(turned["rate_limit"])).headers().items():
            response.headers.setdefault(name, value)
    if response.status_code >= 400 and turned["nested_errors"]:
        response.set_data(json.dumps(nested(response.status_code, json.loads(response.get_data()))))
    return response


def nested(status: int, body: dict[str, Any]) -> dict[str, Any]:
    """A flat error in the form of the guides: one object with a code."""
    said = str(body["error"])
    code = "server_error" if status >= 500 else CODES.get(status, "error")
    whole = ". ".join(text for text in (said, body.get("message")) if text)
    error: dict[str, Any] = {"code": code, "message": whole, "type": "api_error"}
    named = FIELD.fullmatch(said)
    if named is not None:
        error |= {"param": named["field"]} | ({"code": "missing_field"} if said.startswith("Missing") else {})
    if "details" in body:
        error["details"] = body["details"]
    return {"error": error}


def _standing(world: World, request: Request, response: Response, limit: int) -> Count:
    """Where an answer stands that was never counted: of an unknown key, an unknown address, or a fault."""
    if response.status_code == 429:
        return Count(limit, 0, int(time.time()) + 1, exceeded=True)
    holder = world.store.get("hms_key", request.headers.get("Authorization", "").partition(" ")[2].strip())
    return world.limiter.look(holder["organization"] if holder else NOBODY, limit)
