"""The life of a simulated call: it rings, is answered, is talked in, ends, and is paid from the pool to the second."""

import random
from typing import Any

from sandbox import ids, settings, times
from sandbox.hms import pools, readings, recordings, running, transcript, usage, webhooks
from sandbox.store import Document
from sandbox.world import World

RINGING = ("dialing", "ringing", "connecting")
LONGEST_BEAT_SECONDS = 0.5
FIRST_STATUS = {"inbound": "ringing", "outbound": "dialing", "web": "connecting"}
NOTHING_YET = (
    "end_reason",
    "error",
    "started_at",
    "ended_at",
    "duration_seconds",
    "summary",
    "analysis_result",
    "messages",
)


def is_over(call: Document) -> bool:
    return call["status"] not in (*RINGING, "in-progress")


def blank(
    world: World,
    organization: Document,
    *,
    direction: str,
    config: Document,
    number: Document | None,
    customer: str | None,
    at: float,
) -> Document:
    """A call of which nothing has happened yet. `config` is the assistant as this call uses it."""
    phone_number = number["phone_number"] if number else None
    own_id, told_id = readings.call_ids(world, customer)
    return {
        "id": own_id,
        "caller_phone": customer,
        "assistant_phone": phone_number,
        "status": FIRST_STATUS[direction],
        "direction": direction,
        **dict.fromkeys(NOTHING_YET),
        "room_name": f"room-{ids.token(10)}",
        "recording_url": None,
        "agent_id": config.get("id"),
        "number_id": number["id"] if number else None,
        "agent_name": config.get("name"),
        "business_name": config.get("business_name"),
        "phone_number": phone_number,
        "created_at": times.iso(at),
        "updated_at": times.iso(at),
        "_organization": organization["id"],
        "_config": {name: value for name, value in config.items() if not name.startswith("_")},
        "_step": "answer",
        "_answered_at": None,
        "_talk_seconds": None,
        "_said": [],
        "_told_id": told_id,
    }


def begin(world: World, organization: Document, call: Document, *, answer_after_seconds: float) -> None:
    """Starts to ring; the clock answers it after so many seconds."""
    tag = running.tag(organization["parent_org_id"] or organization["id"])
    at = times.now()
    world.store.add(
        "hms_call", call["id"], call, owner=organization["id"], tag=tag, at=at, due=at + answer_after_seconds
    )


def step(world: World, call: Document) -> None:
    """The clock's handler: whatever the call is due for."""
    if call["_step"] == "answer":
        answer(world, call["id"])
    elif call["_step"] == "talk":
        beat(world, call["id"])
    else:
        world.store.arm("hms_call", call["id"], None)
        report(world, call)


def answer(world: World, call_id: str) -> None:
    """Somebody picks up: from now on it is talked."""
    at = times.now()
    turned = settings.read(world.store, "hms")
    with world.store.transaction():
        call = world.store.get("hms_call", call_id)
        if call is None or call["status"] not in RINGING:
            return
        shortest, longest = float(turned["talk_seconds_min"]), float(turned["talk_seconds_max"])
        chosen = call["_talk_seconds"]
        talk = random.uniform(shortest, max(shortest, longest)) if chosen is None else chosen  # noqa: S311  no secret
        most = call["_config"].get("max_duration_seconds")
        is_capped = most is not None and talk >= most
        call |= {"status": "in-progress", "started_at": times.iso(at), "updated_at": times.iso(at)}
        call |= {"_answered_at": at, "_step": "talk", "messages": transcript.opening(call["_config"])}
        call["_ends_at"] = round(at + (most if is_capped else talk), 3)
        call["_end_reason"] = "max_duration" if is_capped else "user_hangup"
        world.store.save("hms_call", call_id, call)
        world.store.arm("hms_call", call_id, at)
    webhooks.announce(world, call, "status-update", {})


def beat(world: World, call_id: str) -> None:
    """Looks whether the call is at its end or the pool at its own, and comes back soon when neither is."""
    at = times.now()
    with world.store.transaction():
        call = world.store.get("hms_call", call_id)
        if call is None or call["status"] != "in-progress":
            return
        if at >= call["_ends_at"]:
            end(world, call_id, at=call["_ends_at"], reason=call["_end_reason"])
            return
        organization = owner(world, call)
        turned = settings.read(world.store, "hms")
        left, talking = pools.left_while_talking(world, organization, at)
        if left <= 0 and turned["pool_ends_calls"]:
            seconds = min(_whole_seconds(call, at), max(0, pools.seconds_in(world, organization)))
            end(world, call_id, at=at, reason=str(turned["pool_end_reason"]), duration_seconds=seconds)
            return
        soon = min(LONGEST_BEAT_SECONDS, call["_ends_at"] - at)
        if turned["pool_ends_calls"]:
            soon = min(soon, left / max(1, talking))
        world.store.arm("hms_call", call_id, at + soon)


def owner(world: World, call: Document) -> Document:
    organization = world.store.get("hms_organization", call["_organization"])
    if organization is None:
        raise LookupError(f"call {call['id']} belongs to no organization")
    return organization


def _whole_seconds(call: Document, at: float) -> int:
    return max(0, int(round(at - call["_answered_at"], 3)))


def end(
    world: World,
    call_id: str,
    *,
    at: float,
    reason: str,
    duration_seconds: int | None = None,
    status: str = "ended",
    error: str | None = None,
) -> Document | None:
    """Ends a call that runs; None when there is no such call, unchanged when it is over already.

    A call nobody answered fails without seconds, unless `duration_seconds` says that it was talked after all.
    `error`: what went wrong, in a call that ends with an error.
    """
    with world.store.transaction():
        call = world.store.get("hms_call", call_id)
        if call is None or is_over(call):
            return call
        if call["_answered_at"] is None and duration_seconds is not None:
            call |= {"_answered_at": at, "started_at": times.iso(at), "messages": transcript.opening(call["_config"])}
        if call["_answered_at"] is None:
            status, reason = "failed", "no_answer"
        else:
            duration_seconds = _whole_seconds(call, at) if duration_seconds is None else duration_seconds
            at = max(at, call["_answered_at"] + duration_seconds)
        call["error"] = error
        close(world, call, at=at, status=status, reason=reason, duration_seconds=duration_seconds)
        delay = settings.read(world.store, "hms")["report_delay_seconds"] if duration_seconds is not None else None
        world.store.save("hms_call", call_id, call, tag="")
        world.store.arm("hms_call", call_id, None if delay is None else times.now() + delay)
    tell_end(world, call)
    return call


def tell_end(world: World, call: Document) -> None:
    """The status-update of a call that is over."""
    error = {} if call["error"] is None else {"error": call["error"]}
    webhooks.announce(world, call, "status-update", {"end_reason": call["end_reason"]} | error)


def close(
    world: World, call: Document, *, at: float, status: str, reason: str | None, duration_seconds: int | None
) -> None:
    """Writes the end into the call, takes its seconds from the pool and books its usage."""
    call |= {"status": status, "end_reason": reason, "ended_at": times.iso(at), "updated_at": times.iso(at)}
    call |= {"duration_seconds": duration_seconds, "_step": "report"}
    if duration_seconds is not None:
        call["messages"] = (call["messages"] or []) + transcript.talk(duration_seconds) + call["_said"]
        call["summary"] = transcript.summary(duration_seconds)
        call["analysis_result"] = transcript.analysis(call["_config"], duration_seconds)
        call["recording_url"] = recordings.make(world, call, duration_seconds, at)
        call["_taken_seconds"] = readings.taken_seconds(world, duration_seconds)
        pools.take(world, owner(world, call), call["_taken_seconds"], at)
    usage.book(world, call, at)


def report(world: World, call: Document) -> None:
    """The end-of-call report."""
    fields = ("duration_seconds", "end_reason", "started_at", "ended_at", "summary", "messages")
    told = {name: call[name] for name in fields}
    if call["analysis_result"] is not None:
        told["analysis"] = call["analysis_result"]
    if call["recording_url"] is not None:
        told["recording_url"] = call["recording_url"]
    webhooks.announce(world, call, "end-of-call-report", told)


def correct(world: World, call_id: str, changes: dict[str, Any]) -> Document | None:
    """Changes an ended call afterwards; other seconds change the pool, the month and the usage row with it."""
    with world.store.transaction():
        call = world.store.get("hms_call", call_id)
        if call is None:
            return None
        taken = call["_taken_seconds"] if "_taken_seconds" in call else call["duration_seconds"] or 0
        is_measured = "duration_seconds" in changes
        to_take = readings.taken_seconds(world, changes["duration_seconds"] or 0) if is_measured else taken
        call["_taken_seconds"] = to_take
        call |= changes | {"updated_at": times.iso(times.now())}
        ended = times.parse(call["ended_at"]) if call["ended_at"] else times.now()
        if to_take != taken:
            pools.take(world, owner(world, call), to_take - taken, ended)
        usage.book(world, call, ended)
        world.store.save("hms_call", call_id, call)
    return call
