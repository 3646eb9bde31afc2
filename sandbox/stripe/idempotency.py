"""A POST with a key that was used is not done again: it gets its first answer, if it asks the same."""

import hashlib
import json
from typing import Any

from sandbox import times
from sandbox.store import Document
from sandbox.stripe.refusals import refuse
from sandbox.world import World

ABANDONED_AFTER_SECONDS = 60
LONGEST_KEY = 255


def fingerprint(path: str, params: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps([path, params], sort_keys=True).encode()).hexdigest()


def claim(world: World, account_id: str, key: str, asked: str) -> Document | None:
    """None when this request is the first with its key and may go on; else the kept first answer.

    Refused 400 when the key was used for something else, 409 while the first request is still under way.
    """
    if len(key) > LONGEST_KEY:
        raise refuse(400, f"Idempotency keys have at most {LONGEST_KEY} characters", kind="idempotency_error")
    id_ = f"{account_id}:{key}"
    with world.store.transaction():
        kept = world.store.get("stripe_idempotency", id_)
        if kept is None:
            world.store.add("stripe_idempotency", id_, {"asked": asked, "at": times.now(), "status": None})
            return None
        if kept["asked"] != asked:
            raise refuse(
                400,
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request.",
                kind="idempotency_error",
            )
        if kept["status"] is not None:
            return kept
        if times.now() - kept["at"] < ABANDONED_AFTER_SECONDS:
            raise refuse(
                409,
                f"There is currently another in-progress request using this idempotency key ({key}).",
                code="idempotency_key_in_use",
                kind="idempotency_error",
            )
        world.store.save("stripe_idempotency", id_, kept | {"at": times.now()})
        return None


def keep(world: World, account_id: str, key: str, answer: Document) -> None:
    """Keeps {"status", "body", "request_id"} as the answer for this key from now on."""
    id_ = f"{account_id}:{key}"
    with world.store.transaction():
        kept = world.store.get("stripe_idempotency", id_) or {}
        world.store.save("stripe_idempotency", id_, kept | answer)


def release(world: World, account_id: str, key: str) -> None:
    """Forgets a key whose request was refused before anything was done."""
    world.store.delete("stripe_idempotency", f"{account_id}:{key}")
