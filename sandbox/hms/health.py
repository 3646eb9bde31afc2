"""GET /health: whether HMS answers, without a key."""

import time

from werkzeug.wrappers import Request, Response

from sandbox import times
from sandbox.answers import json_answer
from sandbox.world import World


def show(world: World, request: Request) -> Response:
    started = time.perf_counter()
    world.store.count("hms_organization")
    database = {"status": "ok", "latency_ms": round((time.perf_counter() - started) * 1000, 2)}
    stamp = times.iso(times.now())
    return json_answer({"status": "ok", "timestamp": stamp, "version": "1.0.0", "checks": {"database": database}})
