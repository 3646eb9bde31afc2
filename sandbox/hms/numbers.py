"""Phone numbers an organization forwards to HMS; a number belongs to one organization in the whole sandbox."""

import re
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox import ids, times
from sandbox.answers import json_answer, read_json, refuse
from sandbox.hms import assistants, building_blocks, readings
from sandbox.hms.auth import keyed
from sandbox.store import Document
from sandbox.world import World

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
CHANGEABLE = ("workflow_id", "is_active")


def is_phone_number(text: Any) -> bool:
    return isinstance(text, str) and E164.fullmatch(text) is not None


def free(world: World) -> str:
    """A number nobody has, from a range that rings nowhere."""
    taken = {number["phone_number"] for number in world.store.find("hms_number")}
    return next(text for serial in range(1, 10**6) if (text := f"+3197000{serial:06d}") not in taken)


def open_number(world: World, organization: Document, fields: dict[str, Any]) -> Document:
    """A new number of the organization. Refused 400 for something that is no number, 409 when it is taken."""
    phone_number = fields.get("phone_number")
    if not is_phone_number(phone_number):
        raise refuse(400, "Invalid phone_number", "Use the international form, such as +31201234567.")
    agent_id = _assistant_id(world, organization, fields)
    at = times.now()
    number: Document = {
        "id": ids.uuid4(),
        "phone_number": phone_number,
        "agent_id": agent_id,
        "transfer_trunk_id": _trunk_id(world, organization, fields),
        "workflow_id": fields.get("workflow_id"),
        "source": "sip",
        "is_active": bool(fields.get("is_active", True)),
        "created_at": times.iso(at),
        "updated_at": times.iso(at),
        "_organization": organization["id"],
    }
    with world.store.transaction():
        if world.store.find("hms_number", tag=str(phone_number)):
            raise refuse(409, "Phone number already exists")
        world.store.add("hms_number", number["id"], number, owner=organization["id"], tag=str(phone_number), at=at)
    return number


def _assistant_id(world: World, organization: Document, fields: dict[str, Any]) -> str | None:
    wanted = fields.get("agent_id") or fields.get("assistant_id")
    return None if wanted is None else str(assistants.owned(world, organization, wanted)["id"])


def _trunk_id(world: World, organization: Document, fields: dict[str, Any]) -> str | None:
    wanted = fields.get("transfer_trunk_id")
    return None if wanted is None else str(building_blocks.TRUNKS.owned(world, organization, wanted)["id"])


def owned(world: World, organization: Document, number_id: Any) -> Document:
    """The organization's number of this id. Refused 404."""
    number = world.store.get("hms_number", number_id) if isinstance(number_id, str) else None
    if number is None or number["_organization"] != organization["id"]:
        raise readings.absent(world, "Number", number)
    return number


def by_phone_number(world: World, phone_number: str) -> Document | None:
    return next(iter(world.store.find("hms_number", tag=phone_number)), None)


def shown(world: World, number: Document) -> dict[str, Any]:
    assistant = world.store.get("hms_assistant", number["agent_id"] or "") or {}
    names = {"agent_name": assistant.get("name"), "business_name": assistant.get("business_name")}
    trunk = world.store.get("hms_trunk", number["transfer_trunk_id"] or "") or {}
    return assistants.public(number) | names | {"transfer_trunk_name": trunk.get("name"), "workflow_name": None}


@keyed
def index(world: World, request: Request, organization: Document) -> Response:
    found = world.store.find("hms_number", owner=organization["id"])
    return json_answer({"numbers": [shown(world, number) for number in found]})


@keyed
def create(world: World, request: Request, organization: Document) -> Response:
    return json_answer({"number": shown(world, open_number(world, organization, read_json(request)))}, 201)


@keyed
def show(world: World, request: Request, organization: Document, id_: str) -> Response:
    return json_answer({"number": shown(world, owned(world, organization, id_))})


@keyed
def update(world: World, request: Request, organization: Document, id_: str) -> Response:
    changes = read_json(request)
    with world.store.transaction():
        number = owned(world, organization, id_)
        if not isinstance(changes.get("is_active", True), bool):
            raise refuse(400, "Invalid is_active", "It must be true or false.")
        number |= {name: changes[name] for name in CHANGEABLE if name in changes}
        if "transfer_trunk_id" in changes:
            number["transfer_trunk_id"] = _trunk_id(world, organization, changes)
        if "agent_id" in changes or "assistant_id" in changes:
            number["agent_id"] = _assistant_id(world, organization, changes)
        number["updated_at"] = times.iso(times.now())
        world.store.save("hms_number", id_, number)
    return json_answer({"number": shown(world, number)})


@keyed
def delete(world: World, request: Request, organization: Document, id_: str) -> Response:
    owned(world, organization, id_)
    world.store.delete("hms_number", id_)
    return readings.gone(world)
