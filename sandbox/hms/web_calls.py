"""Calls from a browser: a token for the page, and a simulated call without telephone numbers."""

from werkzeug.wrappers import Request, Response

from sandbox import ids, settings, times
from sandbox.answers import json_answer, read_json
from sandbox.hms import calls, simulation
from sandbox.hms.auth import keyed
from sandbox.store import Document
from sandbox.world import World


@keyed
def create(world: World, request: Request, organization: Document) -> Response:
    body = read_json(request)
    calls.refuse_without_minutes(world, organization)
    config = calls.chosen_config(world, organization, body)
    call = simulation.blank(
        world, organization, direction="web", config=config, number=None, customer=None, at=times.now()
    )
    rings = float(settings.read(world.store, "hms")["ring_seconds"])
    simulation.begin(world, organization, call, answer_after_seconds=rings)
    server_url = world.base_url.replace("http", "ws", 1) + "/livekit"
    return json_answer({"token": f"lk_{ids.token(48)}", "server_url": server_url}, 201)
