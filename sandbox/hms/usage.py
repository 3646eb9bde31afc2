"""GET /usage: one row per talked call of the key's organization, and the sum over everything the filter finds."""

from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox import ids, times
from sandbox.answers import json_answer
from sandbox.hms import queries
from sandbox.hms.assistants import public
from sandbox.hms.auth import keyed
from sandbox.store import Document
from sandbox.world import World


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
    }
    world.store.add("hms_usage", row["id"], row, owner=call["_organization"], tag=call["id"], at=at)


@keyed
def index(world: World, request: Request, organization: Document) -> Response:
    span = queries.span(request)
    found: dict[str, Any] = {"owner": organization["id"], "since": span.since, "until": span.until}
    with world.store.transaction():
        total, seconds = world.store.count_and_sum("hms_usage", sum_of="duration_sec", **found)
        rows = world.store.find("hms_usage", limit=span.limit, offset=span.offset, **found)
    summary = {
        "total_calls": total,
        "total_duration_seconds": seconds,
        "total_duration_minutes": round(seconds / 60, 2),
    }
    logs = [public(row) for row in rows]
    return json_answer({"logs": logs, "pagination": span.pagination(total), "summary": summary})
