"""The HMS side's levers under /_sandbox/hms: what an outside world, a caller or a clerk at HMS would do."""

from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox import settings, times
from sandbox.answers import json_answer, read_json, refuse
from sandbox.hms import assistants, inbound, numbers, organizations, pools, simulation, webhooks
from sandbox.store import Document
from sandbox.world import World

CORRECTABLE = (
    "duration_seconds",
    "status",
    "end_reason",
    "error",
    "summary",
    "caller_phone",
    "messages",
    "recording_url",
)


def whole(body: dict[str, Any], name: str, default: int | None = None, *, least: int = 0) -> int | None:
    value = body.get(name, default)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < least):
        raise refuse(400, f"{name} must be a whole number from {least}")
    return value


def number_of(body: dict[str, Any], name: str) -> float | None:
    value = body.get(name)
    if value is not None and (not isinstance(value, int | float) or isinstance(value, bool)):
        raise refuse(400, f"{name} must be a number")
    return value


def organization_called(world: World, organization_id: Any) -> Document:
    found = world.store.get("hms_organization", organization_id) if isinstance(organization_id, str) else None
    if found is None:
        raise refuse(404, "Organization not found")
    return found


def create_organization(world: World, request: Request) -> Response:
    body = read_json(request)
    minutes = number_of(body, "minutes")
    seconds = round((500 if minutes is None else minutes) * 60)
    name = str(body.get("name") or "Agency")
    opened = organizations.open_organization(world, name=name, parent_id=None, pool_seconds=seconds)
    return json_answer({"id": opened["id"], "api_key": opened["api_key"]}, 201)


def add_minutes(world: World, request: Request, id_: str) -> Response:
    minutes = number_of(read_json(request), "minutes")
    if minutes is None:
        raise refuse(400, "minutes is missing")
    left = pools.add(world, organization_called(world, id_), round(minutes * 60))
    return json_answer({"minutes_balance": organizations.minutes(left)})


def seed(world: World, request: Request, id_: str) -> Response:
    body = read_json(request)
    return json_answer(seed_organization(world, organization_called(world, id_), body), 201)


def seed_organization(world: World, organization: Document, body: dict[str, Any]) -> dict[str, str]:
    """An assistant and a number on it."""
    fields = {"name": "Front desk", "first_message": "Good day, how can I help you?"}
    given = {name: body[name] for name in assistants.FIELDS if name in body}
    assistant = assistants.open_assistant(world, organization, fields | given)
    phone_number = body.get("phone_number") or numbers.free(world)
    number = numbers.open_number(world, organization, {"phone_number": phone_number, "agent_id": assistant["id"]})
    return {"assistant_id": assistant["id"], "number_id": number["id"], "phone_number": number["phone_number"]}


def ring(world: World, request: Request) -> Response:
    call = ring_in(world, read_json(request))
    return json_answer({"call_id": call["id"], "status": call["status"]}, 201)


def ring_in(world: World, body: dict[str, Any]) -> Document:
    """A call from outside to a number, or to an organization's assistant; gives the call."""
    number = None
    if body.get("number") is not None:
        number = numbers.by_phone_number(world, str(body["number"]))
        if number is None:
            raise refuse(404, "Number not found")
    holder = number["_organization"] if number else body.get("organization_id")
    organization = organization_called(world, holder)
    assistant_id = number["agent_id"] if number else body.get("assistant_id")
    assistant = world.store.get("hms_assistant", assistant_id or "")
    if number is None:
        assistant = assistants.owned(world, organization, assistant_id)
    return inbound.ring(
        world,
        organization,
        assistant=assistant,
        number=number,
        caller=str(body.get("from") or "+31612345678"),
        talk_seconds=number_of(body, "talk_seconds"),
    )


def end(world: World, request: Request, id_: str) -> Response:
    body = read_json(request)
    seconds, error = whole(body, "duration_seconds"), body.get("error")
    how: dict[str, Any] = {"reason": "user_hangup"}
    if error is not None:
        how = {"reason": "error", "status": "ended-with-error", "error": str(error)}
    call = simulation.end(world, id_, at=times.now(), duration_seconds=seconds, **how)
    if call is None:
        raise refuse(404, "Call not found")
    return json_answer(assistants.public(call))


def finished(world: World, request: Request) -> Response:
    """One call that is over already; or many in the order given, all of them or none."""
    body = read_json(request)
    if "calls" not in body:
        return json_answer(assistants.public(finish(world, body)), 201)
    many = body["calls"]
    if not isinstance(many, list) or not all(isinstance(each, dict) for each in many):
        raise refuse(400, "calls is a list of calls")
    with world.store.transaction():
        written = [finish(world, each) for each in many]
    return json_answer({"ids": [call["id"] for call in written]}, 201)


def finish(world: World, body: dict[str, Any]) -> Document:
    """Writes the call that the body describes, unless its `id` is known: then that call, as it is.

    Refused 400 or 404 when it describes none.
    """
    organization = organization_called(world, body.get("organization_id"))
    known = world.store.get("hms_call", str(body.get("id")))
    if known is not None:
        return known
    seconds = whole(body, "duration_seconds")
    assistant: Document = {}
    if body.get("assistant_id") is not None:
        assistant = assistants.owned(world, organization, body["assistant_id"])
    numbered = world.store.find("hms_number", owner=organization["id"])
    direction = str(body.get("direction", "inbound"))
    if direction not in simulation.FIRST_STATUS:
        raise refuse(400, "direction is inbound, outbound or web")
    try:
        started = times.parse(body["started_at"]) if body.get("started_at") else times.now() - (seconds or 0)
    except times.NotATime as error:
        raise refuse(400, "started_at is an ISO 8601 date-time") from error
    call = simulation.blank(
        world,
        organization,
        direction=direction,
        config=assistant,
        number=numbered[-1] if numbered and direction != "web" else None,
        customer=None if direction == "web" else str(body.get("from") or "+31612345678"),
        at=started,
    )
    if body.get("id") is not None:
        call["id"] = str(body["id"])
    record_finished(world, organization, call, body, started=started, seconds=seconds)
    return call


def record_finished(
    world: World, organization: Document, call: Document, body: dict[str, Any], *, started: float, seconds: int | None
) -> None:
    """Writes a call that is over already, and tells its assistant's address when the body asks for it."""
    call["error"] = body.get("error")
    if seconds is not None:
        call |= {"started_at": times.iso(started), "_answered_at": started}
    with world.store.transaction():
        world.store.add("hms_call", call["id"], call, owner=organization["id"], at=started)
        simulation.close(
            world,
            call,
            at=started + (seconds or 0),
            status=str(body.get("status", "ended")),
            reason=str(body.get("end_reason", "user_hangup")),
            duration_seconds=seconds,
        )
        world.store.save("hms_call", call["id"], call)
    if body.get("webhooks") is True:
        simulation.tell_end(world, call)
        simulation.report(world, call)


def correct(world: World, request: Request, id_: str) -> Response:
    body = read_json(request)
    whole(body, "duration_seconds")
    unknown = set(body) - set(CORRECTABLE)
    if unknown:
        raise refuse(400, f"Not correctable: {', '.join(sorted(unknown))}")
    call = simulation.correct(world, id_, body)
    if call is None:
        raise refuse(404, "Call not found")
    return json_answer(assistants.public(call))


def call_tool(world: World, request: Request, id_: str) -> Response:
    """The model calls a tool: the assistant's address gets tool-calls, and its answer is shown here."""
    body = read_json(request)
    call = world.store.get("hms_call", id_)
    if call is None:
        raise refuse(404, "Call not found")
    if call["status"] != "in-progress" or not webhooks.wants(call, "tool-calls"):
        raise refuse(400, "The call is not in progress, or its assistant does not ask for tool-calls")
    function = {"name": str(body.get("name", "look_up")), "arguments": body.get("arguments") or {}}
    listed = body.get("tool_call_list") or [{"id": "tool_1", "type": "function", "function": function}]
    outcome = webhooks.post(world, call, "tool-calls", {"tool_call_list": listed}, webhooks.TOOL_SECONDS)
    return json_answer({"status": outcome.status, "answer": webhooks.answer_of(outcome), "error": outcome.error})


def resend(world: World, request: Request, id_: str) -> Response:
    """Sends the very bytes of an earlier delivery again, signed for now. HMS itself is not known to do so."""
    sent = world.store.get("hms_delivery", id_)
    if sent is None or "_raw" not in sent:
        raise refuse(404, "Delivery not found, or nothing was sent")
    return json_answer(assistants.public(webhooks.again(world, sent)))


def change_settings(world: World, request: Request) -> Response:
    changed = settings.change(world.store, "hms", read_json(request))
    world.limiter.forget()
    return json_answer(changed)


def state(world: World, request: Request) -> Response:
    listed = []
    for organization in world.store.find("hms_organization"):
        shown = organizations.shown(world, organization, with_children=False)
        listed.append(shown | {"api_key": organization["api_key"], "created_at": organization["created_at"]})
    return json_answer(
        {
            "organizations": listed,
            "assistants": [assistants.public(one) for one in world.store.find("hms_assistant")],
            "numbers": [
                assistants.public(one) | {"organization_id": one["_organization"]}
                for one in world.store.find("hms_number")
            ],
            "calls": [
                assistants.public(one) | {"organization_id": one["_organization"]}
                for one in world.store.find("hms_call", limit=100)
            ],
            "deliveries": [assistants.public(one) for one in world.store.find("hms_delivery", limit=100)],
            "settings": settings.read(world.store, "hms"),
        }
    )
