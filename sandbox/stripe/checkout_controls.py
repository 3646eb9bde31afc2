"""Levers for what an account can do at Checkout: tax, ways of paying, promotion codes, and what it refuses."""

from typing import Any

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from sandbox.answers import json_answer, read_json, refuse
from sandbox.stripe import promotions
from sandbox.stripe.checkout_rules import AS_OPENED, METHODS
from sandbox.stripe.objects import public
from sandbox.world import World


def change(world: World, request: Request, id_: str) -> Response:
    return json_answer(_changed(world, id_, read_json(request)))


def _changed(world: World, id_: str, changes: dict[str, Any]) -> dict[str, Any]:
    unknown = set(changes) - set(AS_OPENED)
    if unknown:
        raise refuse(400, f"Unknown: {', '.join(sorted(unknown))}", f"Known: {', '.join(AS_OPENED)}")
    for name, value in changes.items():
        if not isinstance(value, type(AS_OPENED[name])):
            raise refuse(400, f"{name} takes {type(AS_OPENED[name]).__name__}")
    if not set(changes.get("methods", [])) <= set(METHODS):
        raise refuse(400, f"methods are of {', '.join(METHODS)}")
    with world.store.transaction():
        account = world.store.get("stripe_account", id_)
        if account is None:
            raise refuse(404, "Account not found")
        account["_checkout"] = account.get("_checkout", {}) | changes
        world.store.save("stripe_account", id_, account)
    can: dict[str, Any] = AS_OPENED | account["_checkout"]
    return can


def make_code(world: World, request: Request, id_: str) -> Response:
    body = read_json(request)
    return json_answer(_made(world, id_, str(body.get("code") or ""), str(body.get("percent_off") or "")), 201)


def _made(world: World, id_: str, code: str, percent_off: str) -> dict[str, Any]:
    if not code.strip() or not percent_off.isdecimal() or not 1 <= int(percent_off) <= 100:
        raise refuse(400, "code is a word, percent_off a whole number from 1 to 100")
    try:
        return public(promotions.make(world, id_, code=code.strip(), percent_off=int(percent_off)))
    except LookupError as error:
        raise refuse(404, "Account not found") from error


def press_tax(world: World, request: Request, id_: str) -> Response:
    _changed(world, id_, {"tax": request.form.get("tax") == "on"})
    return redirect("/#accounts", 303)


def press_code(world: World, request: Request, id_: str) -> Response:
    _made(world, id_, request.form.get("code", ""), request.form.get("percent_off", "").strip())
    return redirect("/#accounts", 303)
