"""Events: signed as Stripe signs, tried again, listed, and sent again on demand."""

import time

import pytest
import stripe


def verify(sent, secret):
    """Raises unless the event was signed with the secret."""
    assert stripe.WebhookSignature.verify_header(
        sent["raw"].decode(), sent["headers"]["Stripe-Signature"], secret, tolerance=300
    )


def test_an_event_is_signed_and_carries_the_object(shop, receiver, eventually):
    endpoint = shop.endpoint(receiver, "checkout.session.completed")
    session = shop.session(metadata={"purchase": "p1"})
    shop.pay(session.id)
    sent = eventually(lambda: receiver.got)[0]
    verify(sent, endpoint.secret)
    event = sent["json"]
    assert (event["type"], event["data"]["object"]["id"], event["livemode"]) == (
        "checkout.session.completed",
        session.id,
        False,
    )
    assert event["data"]["object"]["metadata"] == {"purchase": "p1"}
    assert sent["headers"]["Host"].startswith("acme.portal.localhost:")
    with pytest.raises(stripe.SignatureVerificationError):
        verify(sent, "whsec_other")


def test_the_secret_of_an_endpoint_is_shown_once(shop, receiver):
    endpoint = shop.endpoint(receiver)
    assert endpoint.secret.startswith("whsec_")
    fetched = shop.client.v1.webhook_endpoints.retrieve(endpoint.id).to_dict()
    assert "secret" not in fetched
    assert [one.id for one in shop.client.v1.webhook_endpoints.list().data] == [endpoint.id]


def test_a_rolled_secret_signs_beside_the_old_one(shop, receiver, sandbox, eventually):
    endpoint = shop.endpoint(receiver, "checkout.session.completed")
    new = sandbox.post(f"/stripe/webhook_endpoints/{endpoint.id}/roll")["secret"]
    shop.pay(shop.session().id)
    sent = eventually(lambda: receiver.got)[0]
    assert sent["headers"]["Stripe-Signature"].count("v1=") == 2
    verify(sent, endpoint.secret)
    verify(sent, new)


def test_only_enabled_endpoints_get_only_what_they_asked_for(shop, receiver, eventually):
    off = shop.endpoint(receiver)
    shop.client.v1.webhook_endpoints.update(off.id, {"disabled": True})
    shop.endpoint(receiver, "payment_intent.succeeded")
    shop.pay(shop.session().id)
    eventually(lambda: receiver.got)
    assert receiver.types() == ["payment_intent.succeeded"]


def test_a_deleted_endpoint_gets_nothing(shop, receiver, sandbox):
    endpoint = shop.endpoint(receiver)
    assert shop.client.v1.webhook_endpoints.delete(endpoint.id).deleted
    shop.pay(shop.session().id, wait=True)
    assert receiver.got == []


def test_an_endpoint_elsewhere_is_refused(shop):
    with pytest.raises(stripe.InvalidRequestError, match="this machine"):
        shop.client.v1.webhook_endpoints.create({"url": "https://example.com/x", "enabled_events": ["*"]})


@pytest.mark.parametrize("status", [500, 302, 400])
def test_what_is_not_2xx_is_tried_again(shop, receiver, eventually, status):
    shop.endpoint(receiver, "checkout.session.completed")
    receiver.answer = lambda body: (200 if len(receiver.got) > 2 else status, {})
    shop.pay(shop.session().id)
    eventually(lambda: len(receiver.got) == 3)
    event = shop.client.v1.events.list({"type": "checkout.session.completed"}).data[0]
    eventually(lambda: shop.client.v1.events.retrieve(event.id).pending_webhooks == 0)
    assert len({one["json"]["id"] for one in receiver.got}) == 1


def test_an_endpoint_that_never_answers_well_is_given_up(shop, receiver, sandbox, eventually):
    shop.endpoint(receiver, "checkout.session.completed")
    receiver.answer = (500, {})
    shop.pay(shop.session().id)
    event = shop.client.v1.events.list({"type": "checkout.session.completed"}).data[0]
    eventually(lambda: len(receiver.got) == 4)
    assert [one.id for one in shop.client.v1.events.list({"delivery_success": False}).data] == [event.id]
    assert shop.client.v1.events.retrieve(event.id).pending_webhooks == 1


def test_events_missed_while_webhooks_are_off_can_be_found_and_sent(shop, receiver, sandbox, turn):
    endpoint = shop.endpoint(receiver, "checkout.session.completed")
    turn("stripe", webhooks="off")
    shop.pay(shop.session().id, wait=True)
    assert receiver.got == []
    turn("stripe", webhooks="on")
    event = shop.client.v1.events.list({"delivery_success": False, "types": ["checkout.session.*"]}).data[0]
    answer = sandbox.post(f"/stripe/events/{event.id}/deliver")
    assert [one["status"] for one in answer["deliveries"]] == [200]
    verify(receiver.got[0], endpoint.secret)
    assert shop.client.v1.events.list({"delivery_success": False}).data == []


def test_one_event_is_delivered_fifty_times_at_once(shop, receiver, sandbox):
    shop.endpoint(receiver, "checkout.session.completed")
    shop.pay(shop.session().id, wait=True)
    event_id = receiver.got[0]["json"]["id"]
    answer = sandbox.post(f"/stripe/events/{event_id}/deliver", times=50, parallel=50)
    assert [one["status"] for one in answer["deliveries"]] == [200] * 50
    assert len(receiver.got) == 51


def test_events_can_be_duplicated_delayed_and_forged(shop, receiver, eventually, turn):
    endpoint = shop.endpoint(receiver, "checkout.session.completed")
    turn("stripe", duplicate=2, delay_seconds=0.5, wrong_signature=True)
    started = time.monotonic()
    shop.pay(shop.session().id)
    eventually(lambda: len(receiver.got) == 3)
    assert time.monotonic() - started >= 0.5
    with pytest.raises(stripe.SignatureVerificationError):
        verify(receiver.got[0], endpoint.secret)


def test_events_can_arrive_in_the_wrong_order(shop, receiver, eventually, turn):
    shop.endpoint(receiver, "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed")
    turn("stripe", reorder=True)
    shop.pay(shop.session().id)
    eventually(lambda: len(receiver.got) == 3)
    assert receiver.types() == ["checkout.session.completed", "payment_intent.succeeded", "charge.succeeded"]


def test_ending_before_gives_what_came_later_in_order(shop):
    first = shop.session()
    shop.pay(first.id)
    mark = shop.client.v1.events.list({"limit": 1}).data[0].id
    for _ in range(3):
        shop.pay(shop.session().id)
    later = shop.client.v1.events.list({"ending_before": mark, "limit": 2, "types": ["checkout.session.completed"]})
    paid = [event.data.object.id for event in later.auto_paging_iter()]
    assert len(paid) == 3
    assert first.id not in paid


def test_the_event_of_an_api_request_names_the_request(shop):
    session = shop.session()
    answer = shop.client.v1.checkout.sessions.expire(session.id, {}, {"idempotency_key": "expire-1"})
    event = shop.client.v1.events.list({"limit": 1}).data[0]
    assert (event.request.idempotency_key, event.request.id) == ("expire-1", answer.last_response.request_id)
