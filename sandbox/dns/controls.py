"""The levers under /_sandbox/dns, and the page /dns with buttons that do what they do."""

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from sandbox import templating
from sandbox.answers import json_answer, read_json, refuse
from sandbox.dns import faults, zones
from sandbox.world import World


def state(world: World, request: Request) -> Response:
    return json_answer(
        {
            "port": world.names.port,
            "zones": [zone["name"] for zone in zones.zones(world.store)],
            "records": zones.records(world.store),
            "faults": world.names.faults.standing(),
        }
    )


def add_zone(world: World, request: Request) -> Response:
    return json_answer(zones.add_zone(world.store, str(read_json(request).get("name") or "")), 201)


def add_record(world: World, request: Request) -> Response:
    return json_answer(zones.add_record(world.store, read_json(request)), 201)


def replace_records(world: World, request: Request) -> Response:
    """All records of one name at once: as if a form had been filled in anew."""
    body = read_json(request)
    name, wanted = str(body.get("name") or "").lower().strip("."), body.get("records", [])
    if not name or not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
        raise refuse(400, 'name* and records, a list of {"kind", "value", "proxied"}')
    with world.store.transaction():
        zones.remove(world.store, name)
        made = [zones.add_record(world.store, one | {"name": name}) for one in wanted]
    return json_answer({"records": made})


def add_fault(world: World, request: Request) -> Response:
    world.names.faults.add(faults.from_body(read_json(request)))
    return json_answer({"faults": world.names.faults.standing()}, 201)


def clear_faults(world: World, request: Request) -> Response:
    world.names.faults.clear(request.args.get("name", ""))
    return json_answer({"faults": world.names.faults.standing()})


def questions(world: World, request: Request) -> Response:
    return json_answer({"questions": world.names.questions(request.args.get("name", ""))})


def forget_questions(world: World, request: Request) -> Response:
    world.names.forget_questions()
    return json_answer({"questions": []})


def page(world: World, request: Request) -> Response:
    return templating.page(
        "names.html",
        port=world.names.port,
        zones=zones.zones(world.store),
        records=sorted(zones.records(world.store), key=lambda one: (one["name"].split(".")[::-1], one["kind"])),
        faults=world.names.faults.standing(),
        kinds=zones.KINDS,
        fault_kinds=[kind for kind in faults.KINDS if kind != "garbage"],
        views=faults.VIEWS,
    )


def press_record(world: World, request: Request) -> Response:
    form = request.form
    body = {name: form.get(name, "").strip() for name in ("name", "kind", "value")}
    zones.add_record(world.store, body | {"proxied": form.get("proxied") == "on"})
    return redirect("/dns", 303)


def press_remove(world: World, request: Request, id_: str) -> Response:
    if not world.store.delete("dns_record", id_):
        raise refuse(404, "This record is not known.")
    return redirect("/dns", 303)


def press_fault(world: World, request: Request) -> Response:
    world.names.faults.add(faults.from_body(dict(request.form)))
    return redirect("/dns", 303)


def press_heal(world: World, request: Request) -> Response:
    world.names.faults.clear(request.form.get("name", ""))
    return redirect("/dns", 303)
