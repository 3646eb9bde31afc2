"""A call that comes in: refused with an empty pool, else the assistant's address is asked, then it is answered."""

from typing import Any

from sandbox import settings, times
from sandbox.answers import Refused
from sandbox.hms import assistants, pools, simulation, webhooks
from sandbox.store import Document
from sandbox.world import World

NO_MINUTES = "insufficient_credits"


def ring(
    world: World,
    organization: Document,
    *,
    assistant: Document | None,
    number: Document | None,
    caller: str,
    talk_seconds: float | None,
) -> Document:
    """Lets it ring and gives the call; what the assistant's address answers is heeded a moment later."""
    at = times.now()
    config = assistant or {}
    call = simulation.blank(
        world, organization, direction="inbound", config=config, number=number, customer=caller, at=at
    )
    call["_talk_seconds"] = talk_seconds
    reason = _refusal(world, organization, assistant, number)
    if reason is not None:
        status = (
            str(settings.read(world.store, "hms")["without_minutes_status"]) if reason == NO_MINUTES else "rejected"
        )
        call |= {"status": status, "end_reason": reason, "ended_at": times.iso(at), "_step": "report"}
        world.store.add("hms_call", call["id"], call, owner=organization["id"], at=at)
        return call
    rings = float(settings.read(world.store, "hms")["ring_seconds"])
    if not webhooks.wants(call, "assistant-request"):
        simulation.begin(world, organization, call, answer_after_seconds=rings)
        return call
    # Should the answer never come, the clock picks up with the assistant as it is saved.
    simulation.begin(world, organization, call, answer_after_seconds=webhooks.ASK_SECONDS + rings + 1)
    world.lanes.submit_to(call["id"], lambda: ask(world, call, rings))
    return call


def _refusal(world: World, organization: Document, assistant: Document | None, number: Document | None) -> str | None:
    if pools.seconds_in(world, organization) <= 0:
        return NO_MINUTES
    if number is not None and not number["is_active"]:
        return "number_inactive"
    if assistant is None:
        return "no_assistant"
    return None if assistant["is_active"] else "assistant_inactive"


def ask(world: World, call: Document, rings: float) -> None:
    """Asks the assistant's address and heeds it; on silence, an error or nonsense the saved assistant answers."""
    outcome = webhooks.post(world, call, "assistant-request", {}, webhooks.ASK_SECONDS)
    said = webhooks.answer_of(outcome)
    at = times.now()
    with world.store.transaction():
        current = world.store.get("hms_call", call["id"])
        if current is None or current["status"] != "ringing":
            return
        if isinstance(said.get("error"), str):
            spoken = [{"role": "assistant", "content": said["error"]}]
            current |= {"status": "rejected", "end_reason": "assistant_request_error", "messages": spoken}
            current |= {"ended_at": times.iso(at), "updated_at": times.iso(at)}
            world.store.save("hms_call", call["id"], current, tag="")
            world.store.arm("hms_call", call["id"], None)
            return
        current["_config"] = merged(world, simulation.owner(world, current), current["_config"], said)
        current["agent_id"] = current["_config"].get("id")
        current["agent_name"] = current["_config"].get("name")
        world.store.save("hms_call", call["id"], current)
        world.store.arm("hms_call", call["id"], at + rings)


def merged(world: World, organization: Document, config: Document, said: dict[str, Any]) -> Document:
    """The assistant after an answer: another saved one, single keys replaced whole, a limit of its own."""
    if "assistant_id" in said:
        try:
            config = assistants.public(assistants.owned(world, organization, said["assistant_id"]))
        except Refused:
            return config
    for key in ("assistant", "assistant_override"):
        if isinstance(said.get(key), dict):
            config = config | said[key]
    if isinstance(said.get("max_duration_seconds"), int):
        config = config | {"max_duration_seconds": said["max_duration_seconds"]}
    return config
