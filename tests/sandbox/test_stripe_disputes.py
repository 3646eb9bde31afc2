"""Disputes, step by step, and the events that tell of each."""

import httpx
import pytest
import stripe


@pytest.fixture
def intent_id(shop):
    """A paid payment of 40.00 EUR."""
    session = shop.session()
    shop.pay(session.id)
    return shop.fetch(session.id).payment_intent


def told(shop):
    return [event.type for event in reversed(shop.client.v1.events.list({"types": ["charge.dispute.*"]}).data)]


def disputed(sandbox, intent_id, **how):
    return sandbox.post(f"/stripe/payment_intents/{intent_id}/dispute", **how)


def step(sandbox, dispute, name):
    return sandbox.post(f"/stripe/disputes/{dispute['id']}/{name}")


def test_a_dispute_takes_the_money_and_a_won_one_gives_it_back(shop, sandbox, intent_id):
    dispute = disputed(sandbox, intent_id)
    for name in ("withdraw", "win", "reinstate"):
        step(sandbox, dispute, name)
    seen = shop.client.v1.disputes.retrieve(dispute["id"])
    assert (seen.status, [moved.amount for moved in seen.balance_transactions]) == ("won", [-4000, 4000])
    assert told(shop) == [
        f"charge.dispute.{name}" for name in ("created", "funds_withdrawn", "closed", "funds_reinstated")
    ]


def test_an_inquiry_ends_without_money_moving(shop, sandbox, intent_id):
    dispute = disputed(sandbox, intent_id, inquiry=True)
    assert dispute["status"] == "warning_needs_response"
    assert step(sandbox, dispute, "end_inquiry")["status"] == "warning_closed"
    assert shop.client.v1.disputes.list({"payment_intent": intent_id}).data[0].balance_transactions == []


def test_an_inquiry_may_become_a_dispute(sandbox, intent_id):
    dispute = disputed(sandbox, intent_id, inquiry=True)
    assert step(sandbox, dispute, "escalate")["status"] == "needs_response"


def test_a_bank_debit_that_is_taken_back_is_lost_at_once(shop, sandbox):
    session = shop.session()
    shop.pay(session.id, method="bank_debit", outcome="succeeded")
    dispute = disputed(sandbox, shop.fetch(session.id).payment_intent, bank_reversal=True)
    assert (dispute["status"], told(shop)[-1]) == ("lost", "charge.dispute.closed")


def test_a_disputed_payment_is_not_refunded(shop, sandbox, intent_id):
    disputed(sandbox, intent_id)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.v1.refunds.create({"payment_intent": intent_id})
    assert caught.value.code == "charge_disputed"


@pytest.mark.parametrize("name", ["reinstate", "end_inquiry", "escalate"])
def test_a_step_that_does_not_follow_is_refused(sandbox, intent_id, name):
    dispute = disputed(sandbox, intent_id)
    assert httpx.post(f"{sandbox.url}/_sandbox/stripe/disputes/{dispute['id']}/{name}", json={}).status_code == 409


def test_refunds_and_disputes_of_a_payment_of_somebody_else_are_not_found(open_shop, intent_id):
    other = open_shop().client
    for listing in (other.v1.refunds.list, other.v1.disputes.list):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            listing({"payment_intent": intent_id})
        assert caught.value.code == "resource_missing"


def test_the_page_has_a_button_for_every_step(shop, sandbox, intent_id):
    def press(path, **fields):
        return httpx.post(f"{sandbox.url}/do/{path}", data=fields, follow_redirects=True, timeout=30).text

    page = press(f"payments/{intent_id}/dispute", how="dispute")
    dispute_id = shop.client.v1.disputes.list({"payment_intent": intent_id}).data[0].id
    assert f"/do/disputes/{dispute_id}/withdraw" in page
    press(f"disputes/{dispute_id}/withdraw")
    assert told(shop)[-1] == "charge.dispute.funds_withdrawn"
