"""A parent organization and its children talk from one pool of seconds; a call takes exactly its own from it."""

from sandbox import times
from sandbox.hms import running
from sandbox.store import Document
from sandbox.world import World


def root_of(world: World, organization: Document) -> Document:
    """The organization that holds the pool, as it is now: the parent, or itself."""
    root = world.store.get("hms_organization", organization["parent_org_id"] or organization["id"])
    return root or organization


def seconds_in(world: World, organization: Document) -> int:
    return int(root_of(world, organization)["pool_seconds"])


def take(world: World, organization: Document, seconds: int, at: float) -> None:
    """Takes talked seconds (negative: gives back) from the pool and counts them in the month of `at`."""
    root_id = organization["parent_org_id"] or organization["id"]
    with world.store.transaction():
        for one_id in {root_id, organization["id"]}:
            one = world.store.get("hms_organization", one_id) or organization
            one["pool_seconds"] -= seconds if one_id == root_id else 0
            one["used"][times.month(at)] = one["used"].get(times.month(at), 0) + seconds
            world.store.save("hms_organization", one_id, one)


def add(world: World, organization: Document, seconds: int) -> int:
    """Puts seconds into the pool (negative: takes out) and gives what is in it then."""
    with world.store.transaction():
        root = root_of(world, organization)
        root["pool_seconds"] += seconds
        world.store.save("hms_organization", root["id"], root)
    return int(root["pool_seconds"])


def left_while_talking(world: World, organization: Document, at: float) -> tuple[float, int]:
    """Seconds the pool still has when the running calls are counted as of `at`, and how many are running."""
    root = root_of(world, organization)
    answered = running.answered_at(world, root["id"])
    return root["pool_seconds"] - sum(at - instant for instant in answered), len(answered)
