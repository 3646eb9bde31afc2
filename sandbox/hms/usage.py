"""GET /usage: one row per talked call of the key's organization, and the sum over everything the filter finds."""

from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox import ids, settings, times
from sandbox.answers import json_answer
from sandbox.hms import queries, readings
from sandbox.hms.assistants import public
from sandbox.hms.auth import keyed
from sandbox.store import Document
from sandbox.world import World

CENTS_A_MINUTE = 7


def book(world: World, call: Document, at: float) -> None:
    """The row of an ended call, or its correction; a call without seconds has none yet."""
    existing = next(iter(world.store.find("hms_usage", tag=call["id"])), None)
    if existing is not None:
        existing["duration_sec"] = call["duration_seconds"] or 0
        world.store.save("hms_usage", existing["id"], existing)
        return
    if call["duration_seconds"] is None:
        return
    row: dict[str, Any] = {
        "id": ids.uuid4(),
        "duration_sec": call["duration_seconds"],
        "call_type": "web" if call["direction"] == "web" else "phone",
        "phone_number": call["phone_number"],
        "agent_name": call["agent_name"],
        "business_name": call["business_name"],
        "created_at": times.iso(at),
        "_call_id": call["id"],
        "_number_id": call["number_id"],
    }
    world.store.add("hms_usage", row["id"], row, owner=call["_organization"], tag=call["id"], at=at)


@keyed
def index(world: World, request: Request, organization: Document) -> Response:
    turned = settings.read(world.store, "hms")
    span = queries.span(request)
    owners = [organization["id"]]
    if turned["parent_sees_children"]:
        owners += [child["id"] for child in world.store.find("hms_organization", owner=organization["id"])]
    found: dict[str, Any] = {"owner": owners, "since": span.since, "until": span.until}
    with world.store.transaction():
        total, seconds = world.store.count_and_sum("hms_usage", sum_of="duration_sec", **found)
        rows = world.store.find("hms_usage", limit=span.limit, offset=span.offset, **found)
    told = TOLD[turned["usage_fields"]](world, rows, total, seconds)
    return json_answer(told | {"pagination": span.pagination(total)})


def _current(world: World, rows: list[Document], total: int, seconds: int) -> dict[str, Any]:
    summary = {
        "total_calls": total,
        "total_duration_seconds": seconds,
        "total_duration_minutes": round(seconds / 60, 2),
    }
    return {"logs": [public(row) for row in rows], "summary": summary}


def _older(world: World, rows: list[Document], total: int, seconds: int) -> dict[str, Any]:
    """As the first pages showed it: a call's id, minutes and money."""
    logs = [
        {
            "id": row["id"],
            "call_id": row.get("_call_id"),
            "duration_seconds": row["duration_sec"],
            "minutes_used": _minutes(world, row["duration_sec"]),
            "cost": _cost(world, row["duration_sec"]),
            "created_at": row["created_at"],
        }
        for row in rows
    ]
    summary = {"total_calls": total, "total_minutes": _minutes(world, seconds), "total_cost": _cost(world, seconds)}
    return {"logs": logs, "summary": summary}


def _guide(world: World, rows: list[Document], total: int, seconds: int) -> dict[str, Any]:
    """As the guide on billing shows it: the list under another key, and sums under other names."""
    listed = [
        {
            "id": row["id"],
            "number_id": row.get("_number_id"),
            "duration_sec": row["duration_sec"],
            "created_at": row["created_at"],
        }
        for row in rows
    ]
    summary = {"total_seconds": seconds, "total_minutes": _minutes(world, seconds), "total_cost": _cost(world, seconds)}
    return {"usage": listed, "summary": summary}


TOLD = {"current": _current, "older": _older, "guide": _guide}


def _minutes(world: World, seconds: int) -> float:
    return round(readings.taken_seconds(world, seconds) / 60, 2)


def _cost(world: World, seconds: int) -> float:
    """In euros, for people; nobody is paid by it."""
    return round(readings.taken_seconds(world, seconds) * CENTS_A_MINUTE / 6000, 2)
