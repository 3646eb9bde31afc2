"""How soon after a call has ended the client's balance shows it: with HMS's hints, and with all of them lost."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench import watching
from bench.figures import Figure
from bench.ground import Ground
from bench.hms import agencies
from bench.hms.agencies import Connected
from stack import terminal

CALLS_A_SECOND, SENDERS, LOOK_EVERY = 20, 4, 0.1
# A balance of somebody active is looked at every 45 seconds; this long calls end, all over the pause.
UNHINTED_SECONDS, UNHINTED_A_SECOND = 45, 4


def unhinted(ground: Ground, connected: Connected) -> tuple[int, Figure]:
    """Seconds until the last of many calls was seen that nobody reported, all clients being active. Also: how many."""
    seconds = ground.knobs.sized(quick=10, normal=UNHINTED_SECONDS, full=UNHINTED_SECONDS)
    terminal.say(f"  Calls end, {UNHINTED_A_SECOND} a second, and HMS's hints are lost")
    agencies.polled(connected)
    agencies.lever(ground, "settings", webhooks="off")
    took = _measured(ground, connected, number=seconds * UNHINTED_A_SECOND, a_second=UNHINTED_A_SECOND)
    agencies.lever(ground, "settings", webhooks="on")
    terminal.say(f"    half within {statistics.median(took):.1f} s, the last after {max(took):.1f} s")
    name = "call ends to balance, hints lost, active client, the last of all"
    return len(took), Figure("hms", name, max(took), "s", at_most=60.0)


def hinted(ground: Ground, connected: Connected) -> tuple[int, Figure]:
    """Seconds until 95 of 100 calls were in the balance, with hints. Also: how many calls."""
    plan = ground.knobs.plan
    # The first minute has nobody behind it yet who is looked at because of an earlier call.
    each = int(ground.knobs.sized(quick=4, normal=16, full=60) * CALLS_A_SECOND)
    terminal.say(f"  Calls end, {CALLS_A_SECOND} a second, and HMS reports them")
    took = _measured(ground, connected, number=each * plan.rounds, a_second=CALLS_A_SECOND)
    worst = [statistics.quantiles(took[each * n : each * (n + 1)], n=20)[-1] for n in range(plan.rounds)]
    for count, value in enumerate(worst, 1):
        terminal.say(f"    part {count}  95 of 100 within {value:.2f} s")
    name = f"call ends to balance, p95, {CALLS_A_SECOND} a second, {len(connected.organizations)} clients"
    return len(took), Figure("hms", name, statistics.median(worst), "s", at_most=2.0)


def _measured(ground: Ground, connected: Connected, *, number: int, a_second: float) -> list[float]:
    """Seconds from the end of each call to its entry, in the order in which they ended."""
    with ThreadPoolExecutor(SENDERS) as pool:
        start = time.monotonic() + 0.5
        senders = [
            pool.submit(_end, ground, connected, range(first, number, SENDERS), start, a_second)
            for first in range(SENDERS)
        ]
        seen_at = _watch(ground, connected.agency.schema_name, number, patience=90 + number / a_second)
        ended_at = {key: at for sender in senders for key, at in sender.result().items()}
    return [seen_at[key] - at for key, at in sorted(ended_at.items(), key=lambda pair: pair[1])]


def _end(ground: Ground, connected: Connected, turns: range, start: float, a_second: float) -> Mapping[str, float]:
    """Let calls end when their turn comes, of one client after the other; when each did, by its id."""
    ended_at = {}
    for number in turns:
        called = connected.organizations[number % len(connected.organizations)]
        time.sleep(max(0.0, start + number / a_second - time.monotonic()))
        at = time.monotonic()
        told: Any = agencies.lever(
            ground,
            "calls/finished",
            organization_id=called.hms_id,
            assistant_id=called.assistant_id,
            duration_seconds=20 + number % 100,
            webhooks=True,
        )
        ended_at[told["id"]] = at
    return ended_at


def _watch(ground: Ground, schema: str, number: int, *, patience: float) -> dict[str, float]:
    """When each call was booked: its row says so in the transaction that has the entry."""
    look = f'SELECT hms_id FROM "{schema}".calls_call WHERE booked_at > %s'
    return watching.first_seen(ground.database_url, look, number, every=LOOK_EVERY, patience=patience)
