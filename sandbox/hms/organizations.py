"""Organizations: the key's own, its children, and the minutes of the pool they share."""

from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox import ids, settings, times
from sandbox.answers import json_answer, read_json, refuse
from sandbox.hms import numbers, pools, running
from sandbox.hms.auth import keyed
from sandbox.store import Document
from sandbox.world import World


def minutes(seconds: int) -> float:
    """Fractional minutes as HMS shows them: two decimals."""
    return round(seconds / 60, 2)


def open_organization(world: World, *, name: str, parent_id: str | None, pool_seconds: int = 0) -> Document:
    """A new organization with its key."""
    at = times.now()
    organization: Document = {
        "id": ids.uuid4(),
        "name": name,
        "parent_org_id": parent_id,
        "created_at": times.iso(at),
        "api_key": ids.hms_key(),
        "pool_seconds": pool_seconds,
        "used": {},
    }
    with world.store.transaction():
        world.store.add("hms_organization", organization["id"], organization, owner=parent_id or "", at=at)
        world.store.add("hms_key", organization["api_key"], {"organization": organization["id"]}, at=at)
    return organization


def shown(world: World, organization: Document, *, with_children: bool) -> dict[str, Any]:
    """What GET /organizations answers: no key, and for a child the parent's pool, or none."""
    left = pools.seconds_in(world, organization)
    if organization["parent_org_id"] and not settings.read(world.store, "hms")["child_shows_pool"]:
        left = 0
    used = organization["used"].get(times.month(times.now()), 0)
    body: dict[str, Any] = {
        "id": organization["id"],
        "name": organization["name"],
        "minutes_balance": minutes(left),
        "monthly_usage_minutes": minutes(used),
        "active_numbers": _active(world, "hms_number", organization),
        "active_agents": _active(world, "hms_assistant", organization),
        "active_calls": running.count(world, organization),
        "has_local_models_access": False,
        "parent_org_id": organization["parent_org_id"],
    }
    if with_children:
        children = world.store.find("hms_organization", owner=organization["id"])
        body["children"] = [{name: child[name] for name in ("id", "name", "created_at")} for child in children]
    return body


def _active(world: World, kind: str, organization: Document) -> int:
    return sum(1 for one in world.store.find(kind, owner=organization["id"]) if one["is_active"])


@keyed
def show(world: World, request: Request, organization: Document) -> Response:
    with_children = request.args.get("include_children", "").lower() in ("true", "1")
    return json_answer(shown(world, organization, with_children=with_children))


CONTENT_DAYS, METADATA_DAYS = (30, 90, 180, 365), (30, 90, 180, 365, 730)


@keyed
def retain(world: World, request: Request, organization: Document) -> Response:
    """How long content and metadata are kept: two numbers of days, always both."""
    body = read_json(request)
    content, metadata = body.get("content_retention_days"), body.get("metadata_retention_days")
    if content not in CONTENT_DAYS:
        raise refuse(400, "Invalid content_retention_days", f"Known: {', '.join(map(str, CONTENT_DAYS))}")
    if metadata not in METADATA_DAYS:
        raise refuse(400, "Invalid metadata_retention_days", f"Known: {', '.join(map(str, METADATA_DAYS))}")
    if content > metadata:
        raise refuse(400, "Invalid content_retention_days", "Content is kept no longer than metadata.")
    kept = {"content_retention_days": content, "metadata_retention_days": metadata}
    with world.store.transaction():
        now = world.store.get("hms_organization", organization["id"]) or organization
        world.store.save("hms_organization", organization["id"], now | kept)
    return json_answer(kept)


@keyed
def create(world: World, request: Request, organization: Document) -> Response:
    body = read_json(request)
    name, parent_id = body.get("name"), body.get("parent_org_id")
    if not isinstance(name, str) or not name.strip():
        raise refuse(400, "Missing required field: name")
    if parent_id is not None and parent_id != organization["id"]:
        raise refuse(403, "Forbidden", "parent_org_id is not the organization of this key.")
    if parent_id is not None and organization["parent_org_id"] is not None:
        raise refuse(403, "Forbidden", "A child organization has no children of its own.")
    opened = open_organization(world, name=name.strip(), parent_id=parent_id)
    if parent_id is not None and settings.read(world.store, "hms")["number_for_child"]:
        numbers.open_number(world, opened, {"phone_number": numbers.free(world)})
    return json_answer({key: opened[key] for key in ("id", "name", "parent_org_id", "api_key", "created_at")}, 201)
