"""Refunds in parts and whole, and those that fail afterwards."""

import pytest
import stripe


@pytest.fixture
def intent_id(shop):
    """A paid payment of 40.00 EUR."""
    session = shop.session()
    shop.pay(session.id)
    return shop.fetch(session.id).payment_intent


def test_a_payment_is_refunded_in_parts_until_nothing_is_left(shop, intent_id):
    first = shop.client.v1.refunds.create({"payment_intent": intent_id, "amount": 1500})
    charge = shop.client.v1.charges.retrieve(first.charge)
    assert (charge.amount_refunded, charge.refunded, first.status) == (1500, False, "succeeded")
    shop.client.v1.refunds.create({"payment_intent": intent_id})
    charge = shop.client.v1.charges.retrieve(first.charge)
    assert (charge.amount_refunded, charge.refunded) == (4000, True)
    assert len(shop.client.v1.refunds.list({"payment_intent": intent_id}).data) == 2


@pytest.mark.parametrize("amount", [0, -1, 4001])
def test_more_than_was_paid_is_not_given_back(shop, intent_id, amount):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.v1.refunds.create({"payment_intent": intent_id, "amount": amount})
    assert caught.value.param == "amount"


def test_a_refunded_charge_is_refused(shop, intent_id):
    shop.client.v1.refunds.create({"payment_intent": intent_id})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.v1.refunds.create({"payment_intent": intent_id})
    assert caught.value.code == "charge_already_refunded"


def test_a_refund_tells_refund_created_and_charge_refunded(shop, intent_id):
    refund = shop.client.v1.refunds.create({"payment_intent": intent_id, "amount": 100})
    events = shop.client.v1.events.list({"types": ["refund.*", "charge.refunded"]}).data
    assert [event.type for event in events] == ["refund.updated", "charge.refunded", "refund.created"]
    assert events[2].data.object.id == refund.id


def test_a_refund_may_fail_and_the_money_is_the_sellers_again(shop, sandbox, intent_id):
    refund = shop.client.v1.refunds.create({"payment_intent": intent_id})
    assert sandbox.post(f"/stripe/refunds/{refund.id}/fail")["status"] == "failed"
    assert shop.client.v1.charges.retrieve(refund.charge).amount_refunded == 0
    assert shop.client.v1.events.list({"limit": 1}).data[0].type == "refund.failed"
