"""The money path: booking, settling, receiving, reading, and what a worker keeps in memory."""

from __future__ import annotations

from bench.figures import Figure
from bench.ground import Ground


def measure(ground: Ground) -> list[Figure]:
    """All figures of the group. Models are imported in here, because they need Django set up."""
    from bench import product
    from bench.money import memory, posting, statement, webhooks
    from bench.money.shop import Shop

    found = posting.measure(ground)
    found.append(webhooks.receiving(ground))
    found.append(statement.measure(ground))
    ground.sql("DELETE FROM follow_ups_followup")
    with product.running(ground, "sandbox", "web", "worker", "dispatch") as supervisor:
        bought = Shop.opened("sells", sandbox_url=ground.variables["SANDBOX_URL"], wallets=100)
        paid, credited = webhooks.crediting(ground, bought)
        found += [credited, memory.measure(ground, supervisor, bought, paid)]
        bought.prove(booked=len(paid))
    return found
