"""A key belongs to one account and one mode; handlers get what was asked in that account and see nothing of others."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox import ids
from sandbox.answers import Refused, json_answer
from sandbox.store import Document
from sandbox.stripe import forms, idempotency
from sandbox.stripe.refusals import masked, refuse, right_missing
from sandbox.world import World

API_VERSION = "2026-10-28.endive"
NOTHING_WAS_DONE = (400, 401, 403, 404, 409, 429)
# What Stripe calls the right to the things below /v1/<name>. Prices have kept the name of what they grew out of.
RIGHTS = {
    "charges": "charge",
    "checkout": "checkout_session",
    "disputes": "dispute",
    "events": "event",
    "payment_intents": "payment_intent",
    "prices": "plan",
    "products": "product",
    "refunds": "charge",
    "webhook_endpoints": "webhook",
}


@dataclass(frozen=True)
class Asked:
    """One request: whose account, with which kind of key ("secret" or "restricted"), and what."""

    account: Document
    key_kind: str
    key: str
    params: dict[str, Any]
    path: str
    request_id: str
    idempotency_key: str | None

    @property
    def account_id(self) -> str:
        return str(self.account["id"])

    @property
    def livemode(self) -> bool:
        return bool(self.account["_livemode"])


Handler = Callable[..., dict[str, Any]]


def key_of(request: Request) -> str:
    """The key of a Bearer or Basic header, or nothing."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def asked_of(world: World, request: Request, request_id: str) -> Asked:
    """Who asks for what. Refused 401 without a key that is known and valid, 403 with one that may not do this."""
    key = key_of(request)
    if not key:
        raise refuse(401, "You did not provide an API key. Use it as a Bearer token or as the Basic user name.")
    holder = world.store.get("stripe_key", key)
    account = world.store.get("stripe_account", holder["account"]) if holder else None
    if holder is None or account is None:
        raise refuse(401, f"Invalid API Key provided: {masked(key)}")
    if holder.get("is_revoked"):
        raise refuse(401, f"Expired API Key provided: {masked(key)}", code="api_key_expired")
    if holder["kind"] == "publishable":
        message = "This API call cannot be made with a publishable API key. Please use a secret API key."
        raise refuse(403, message, code="secret_key_required")
    _refuse_without_right(holder, key, request)
    source = request.form if request.method == "POST" else request.args
    params = forms.nested(source.items(multi=True))
    idempotency_key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
    path = request.path.removeprefix("/stripe")
    return Asked(account, holder["kind"], key, params, path, request_id, idempotency_key)


def _refuse_without_right(holder: Document, key: str, request: Request) -> None:
    """Before anything else is looked at, as Stripe does: a thing that does not exist is a 403 as well."""
    thing = RIGHTS.get(request.path.removeprefix("/stripe/v1/").split("/")[0])
    lacks = holder.get("lacks") or []
    wanted = [f"{thing}_read"] if request.method == "GET" else [f"{thing}_read", f"{thing}_write"]
    if any(right in lacks for right in wanted):
        raise right_missing(key, str(holder["account"]), wanted[-1])


def keyed(handler: Handler) -> Callable[..., Response]:
    """Wraps handler(world, asked, **path) -> body with the key check, idempotency and Stripe's headers."""

    @wraps(handler)
    def checked(world: World, request: Request, **path: Any) -> Response:
        request_id = f"req_{ids.token(14)}"
        try:
            asked = asked_of(world, request, request_id)
            response = _once(world, asked, handler, path)
        except Refused as refused:
            response = refused.answer()
        response.headers.setdefault("Request-Id", request_id)
        response.headers["Stripe-Version"] = request.headers.get("Stripe-Version", API_VERSION)
        return response

    return checked


def _once(world: World, asked: Asked, handler: Handler, path: dict[str, Any]) -> Response:
    key = asked.idempotency_key
    if key is None:
        return json_answer(handler(world, asked, **path))
    kept = idempotency.claim(world, asked.account_id, key, idempotency.fingerprint(asked.path, asked.params))
    if kept is not None:
        response = json_answer(kept["body"], kept["status"])
        response.headers["Idempotent-Replayed"] = "true"
        response.headers["Original-Request"] = kept["request_id"]
        return response
    status, body = _run(world, asked, handler, path)
    if status in NOTHING_WAS_DONE:
        idempotency.release(world, asked.account_id, key)
    else:
        idempotency.keep(world, asked.account_id, key, {"status": status, "body": body, "request_id": asked.request_id})
    response = json_answer(body, status)
    response.headers["Idempotency-Key"] = key
    return response


def _run(world: World, asked: Asked, handler: Handler, path: dict[str, Any]) -> tuple[int, Any]:
    try:
        return 200, handler(world, asked, **path)
    except Refused as refused:
        return refused.status, refused.body
