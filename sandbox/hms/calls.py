"""Calls over the API: the list, one of them, a new outbound one, and commands to one that is in progress."""

from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox import settings, times
from sandbox.answers import json_answer, read_json, refuse
from sandbox.hms import assistants, numbers, pools, queries, readings, retention, simulation
from sandbox.hms.auth import keyed, too_many
from sandbox.store import Document
from sandbox.world import World


@keyed
def index(world: World, request: Request, organization: Document) -> Response:
    span = queries.span(request)
    status = request.args.get("status")
    found: dict[str, Any] = {"owner": organization["id"], "since": span.since, "until": span.until}
    found["field"] = ("status", status) if status else None
    with world.store.transaction():
        total, _ = world.store.count_and_sum("hms_call", **found)
        rows = world.store.find("hms_call", limit=span.limit, offset=span.offset, **found)
    return json_answer(
        {"calls": [retention.shown(organization, call) for call in rows], "pagination": span.pagination(total)}
    )


def owned(world: World, organization: Document, call_id: str) -> Document:
    """The organization's call of this id. Refused 404."""
    call = world.store.get("hms_call", call_id)
    if call is None or call["_organization"] != organization["id"]:
        raise readings.absent(world, "Call", call)
    return call


@keyed
def show(world: World, request: Request, organization: Document, id_: str) -> Response:
    return json_answer(retention.shown(organization, owned(world, organization, id_)))


@keyed
def place(world: World, request: Request, organization: Document) -> Response:
    body = read_json(request)
    destination = body.get("destination")
    if not numbers.is_phone_number(destination):
        raise refuse(400, "Invalid destination", "Use the international form, such as +31201234567.")
    refuse_without_minutes(world, organization)
    config = chosen_config(world, organization, body)
    if isinstance(body.get("first_message"), str):
        config = config | {"first_message": body["first_message"]}
    number = _number(world, organization, body.get("number_id"))
    at = times.now()
    call = simulation.blank(
        world, organization, direction="outbound", config=config, number=number, customer=destination, at=at
    )
    rings = float(settings.read(world.store, "hms")["ring_seconds"])
    simulation.begin(world, organization, call, answer_after_seconds=rings)
    return json_answer({"success": True, "call_id": call["id"], "status": "dialing"})


def refuse_without_minutes(world: World, organization: Document) -> None:
    """Refused 402 when the pool is empty."""
    if pools.seconds_in(world, organization) <= 0:
        raise refuse(402, "Insufficient credits", "The minutes balance is empty.", balance=0)


def chosen_config(world: World, organization: Document, body: dict[str, Any]) -> Document:
    """The assistant as this call uses it: a saved one, with single keys replaced whole, or one for this call alone."""
    saved_id = body.get("assistant_id", body.get("agent_id"))
    inline = body.get("assistant", body.get("agent", body.get("agent_config")))
    override = body.get("assistant_override")
    if (saved_id is None) == (inline is None):
        raise refuse(400, "Give either assistant_id or assistant")
    if inline is not None:
        if override is not None:
            raise refuse(400, "assistant_override needs assistant_id")
        if not isinstance(inline, dict) or not inline.get("llm_config"):
            raise refuse(400, "assistant needs an llm_config")
        return dict(inline)
    if override is not None and not isinstance(override, dict):
        raise refuse(400, "assistant_override must be an object")
    assistant = assistants.owned(world, organization, saved_id)
    if not assistant["is_active"]:
        raise refuse(400, "Assistant is not active")
    return assistants.public(assistant) | (override or {})


def _number(world: World, organization: Document, number_id: Any) -> Document:
    if number_id is None:
        own = world.store.find("hms_number", owner=organization["id"])
        number = next((one for one in reversed(own) if one["is_active"]), None)
        if number is None:
            raise refuse(400, "No phone number available", "Add a phone number to this organization first.")
        return number
    number = numbers.owned(world, organization, number_id)
    if not number["is_active"]:
        raise refuse(400, "Phone number is not active")
    return number


@keyed
def control(world: World, request: Request, organization: Document, id_: str) -> Response:
    call = owned(world, organization, id_)
    count = world.limiter.count(f"control:{id_}", int(settings.read(world.store, "hms")["control_rate_limit"]))
    if count.exceeded:
        raise too_many(count)
    body = read_json(request)
    kind = body.get("type")
    if kind not in COMMANDS:
        raise refuse(400, "Invalid control type", f"Known: {', '.join(COMMANDS)}")
    for field, type_ in COMMANDS[kind].items():
        if not isinstance(body.get(field), type_):
            raise refuse(400, f"Missing required field: {field}")
    if call["status"] != "in-progress":
        raise refuse(400, "Call is not in progress", f"The call is {call['status']}.")
    _obey(world, id_, kind, body)
    return json_answer({"success": True, "message": f"{kind} was carried out."})


COMMANDS: dict[str, dict[str, type]] = {
    "inject-context": {"content": str, "trigger_response": bool},
    "say": {"content": str, "end_after": bool},
    "end-call": {},
    "transfer": {"destination": str},
}


def _obey(world: World, call_id: str, kind: str, body: dict[str, Any]) -> None:
    text = body.get("content") or body.get("message")
    with world.store.transaction():
        call = world.store.get("hms_call", call_id)
        if call is not None and isinstance(text, str):
            call["_said"].append({"role": "system" if kind == "inject-context" else "assistant", "content": text})
            world.store.save("hms_call", call_id, call)
    if kind == "transfer":
        simulation.end(world, call_id, at=times.now(), reason="transferred", status="transferred")
    elif kind == "end-call" or body.get("end_after") is True:
        simulation.end(world, call_id, at=times.now(), reason="assistant_hangup")
