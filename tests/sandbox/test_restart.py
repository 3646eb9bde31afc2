"""A restart keeps everything, goes on where it was, and a stop is clean."""

import signal


def test_keys_sessions_and_running_calls_survive_a_restart(start_sandbox, eventually):
    first = start_sandbox()
    first.post("/hms/settings", ring_seconds=0.05, talk_seconds_min=2, talk_seconds_max=2)
    opened = first.post("/hms/organizations", name="Acme", minutes=100)
    seeded = first.post(f"/hms/organizations/{opened['id']}/seed")
    call_id = first.post("/hms/calls/inbound", number=seeded["phone_number"])["call_id"]
    keys = first.post("/stripe/accounts", business_name="Acme")
    product = first.stripe(keys["secret_key"]).v1.products.create({"name": "100 credits"})
    assert first.stop() == 0
    second = start_sandbox()
    assert second.stripe(keys["secret_key"]).v1.products.retrieve(product.id).name == "100 credits"
    calls = second.hms(opened["api_key"])
    ended = eventually(lambda: [one for one in calls.get("/calls").json()["calls"] if one["status"] == "ended"])
    assert (ended[0]["id"], ended[0]["duration_seconds"]) == (call_id, 2)


def test_an_event_that_was_owed_is_delivered_after_a_kill(start_sandbox, receiver, eventually):
    first = start_sandbox()
    first.post("/stripe/settings", delay_seconds=1)
    client = first.stripe(first.post("/stripe/accounts")["secret_key"])
    client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["checkout.session.expired"]})
    line = {"price_data": {"currency": "eur", "unit_amount": 4000, "product_data": {"name": "x"}}, "quantity": 1}
    params = {"mode": "payment", "line_items": [line], "success_url": "http://localhost/back"}
    client.v1.checkout.sessions.expire(client.v1.checkout.sessions.create(params).id)
    first.kill()
    assert receiver.got == []
    start_sandbox()
    assert eventually(lambda: receiver.types()) == ["checkout.session.expired"]


def test_sigint_ends_it_cleanly(start_sandbox):
    process = start_sandbox()
    process.process.send_signal(signal.SIGINT)
    assert process.process.wait(10) == 0
