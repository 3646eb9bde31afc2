"""HMS: how soon a call is in the balance, how fast a backlog is, how soon HMS is answered, how often it is asked."""

from __future__ import annotations

from bench.figures import Figure
from bench.ground import Ground

CLIENTS = 200


def measure(ground: Ground) -> list[Figure]:
    """All figures of the group. Models are imported in here, because they need Django set up."""
    from bench import product
    from bench.hms import agencies, answering, backlog, ending, hanging, idle

    found = []
    with product.running(ground, "sandbox"):
        found.append(idle.measure(ground))
        found.append(backlog.measure(ground))
    with product.running(ground, "sandbox", "web", "hooks", "worker", "dispatch"):
        connected = agencies.connected(ground, "ends", clients=CLIENTS)
        lost, unhinted = ending.unhinted(ground, connected)
        reported, hinted = ending.hinted(ground, connected)
        connected.prove(booked=lost + reported)
        found += [hinted, unhinted, answering.measure(ground, connected), hanging.measure(ground)]
    return found
