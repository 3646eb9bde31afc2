"""Which calls are under way, per pool."""

from sandbox.store import Document
from sandbox.world import World


def tag(root_id: str) -> str:
    return f"running:{root_id}"


def answered_at(world: World, root_id: str) -> list[float]:
    """When each call that is in progress on this pool was answered, in Unix seconds."""
    return [call["_answered_at"] for call in world.store.find("hms_call", tag=tag(root_id)) if call["_answered_at"]]


def count(world: World, organization: Document) -> int:
    root_id = organization["parent_org_id"] or organization["id"]
    return world.store.count("hms_call", owner=organization["id"], tag=tag(root_id))
