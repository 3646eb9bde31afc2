"""Checkout: the session, its hosted page, cards and bank debits."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import stripe


def test_a_session_is_open_with_a_page_of_its_own(shop, sandbox):
    session = shop.session(client_reference_id="p1", metadata={"purchase": "p1"}, customer_email="ben@example.test")
    assert session.id.startswith("cs_test_")
    assert session.url == f"http://localhost:{sandbox.port}/checkout/{session.id}"
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 4000)
    assert (session.client_reference_id, session.metadata["purchase"], session.currency) == ("p1", "p1", "eur")
    page = httpx.get(f"{sandbox.url}/checkout/{session.id}").text
    assert all(text in page for text in ("Acme Voice", "100 credits", "40.00 EUR", "ben@example.test", "4242 4242"))
    assert "http://acme.portal.localhost:9/buy" in page


def test_line_items_are_shown_when_asked_for(shop):
    session = shop.session(line_items=[{"price": shop.price.id, "quantity": 3}])
    item = shop.fetch(session.id, "line_items").line_items.data[0]
    assert (item.quantity, item.amount_subtotal, item.price.id) == (3, 12000, shop.price.id)


def test_paying_by_card_sends_the_buyer_back_with_the_sessions_id(shop):
    session = shop.session(payment_intent_data={"metadata": {"purchase": "p1"}})
    answer = shop.form(session)
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"http://acme.portal.localhost:9/back?session={session.id}",
    )
    paid = shop.fetch(session.id, "payment_intent.latest_charge")
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    intent = paid.payment_intent
    assert (intent.status, intent.amount_received, intent.metadata["purchase"]) == ("succeeded", 4000, "p1")
    assert (intent.latest_charge.paid, paid.customer_details.email) == (True, "ben@example.test")
    assert shop.client.v1.payment_intents.retrieve(intent.id).status == "succeeded"
    assert shop.client.v1.charges.retrieve(intent.latest_charge.id).amount == 4000


def test_a_declined_card_says_so_and_the_session_stays_open(shop):
    session = shop.session()
    answer = shop.form(session, card="4000 0000 0000 0002")
    assert answer.status_code == 402
    assert "Your card was declined" in answer.text
    assert "ben@example.test" in answer.text
    assert shop.fetch(session.id).status == "open"
    assert shop.form(session).status_code == 303


@pytest.mark.parametrize(("fields", "text"), [({"email": "ben"}, "e-mail"), ({"card": "42"}, "card number")])
def test_a_mistake_on_the_page_is_said_in_words(shop, fields, text):
    answer = shop.form(shop.session(), **fields)
    assert (answer.status_code, text in answer.text) == (402, True)


def test_a_session_is_paid_once_however_often_the_button_is_pressed(shop):
    session = shop.session()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: shop.form(session).status_code, range(8)))
    assert answers.count(303) == 1
    assert len(shop.client.v1.charges.list().data) == 1
    assert "paid already" in shop.form(session).text


def test_a_paid_session_takes_no_second_payment(shop, sandbox):
    session = shop.session()
    shop.pay(session.id)
    again = httpx.post(f"{sandbox.url}/_sandbox/stripe/sessions/{session.id}/pay", json={})
    assert (again.status_code, len(shop.client.v1.charges.list().data)) == (409, 1)


def test_the_buyer_waits_for_the_webhooks_2xx(shop, receiver):
    shop.endpoint(receiver, "checkout.session.completed")
    receiver.answer = lambda body: (time.sleep(0.5), (200, {}))[1]
    started = time.monotonic()
    shop.form(shop.session())
    assert time.monotonic() - started >= 0.5
    assert receiver.types() == ["checkout.session.completed"]


def test_a_bank_debit_is_complete_and_unpaid_until_the_bank_says_yes(shop, sandbox):
    session = shop.session()
    assert shop.form(session, method="bank_debit").status_code == 303
    pending = shop.fetch(session.id, "payment_intent")
    assert (pending.status, pending.payment_status, pending.payment_intent.status) == (
        "complete",
        "unpaid",
        "processing",
    )
    sandbox.post(f"/stripe/sessions/{session.id}/bank", outcome="succeeded")
    assert shop.fetch(session.id).payment_status == "paid"
    types = [event.type for event in shop.client.v1.events.list({"limit": 3}).data]
    assert types[0] == "checkout.session.async_payment_succeeded"


def test_a_bank_debit_may_fail(shop):
    session = shop.session()
    shop.pay(session.id, method="bank_debit", outcome="failed")
    assert shop.fetch(session.id).payment_status == "unpaid"
    assert shop.client.v1.events.list({"limit": 1}).data[0].type == "checkout.session.async_payment_failed"


def test_a_bank_settles_once(shop, sandbox):
    session = shop.session()
    shop.pay(session.id, method="bank_debit", outcome="succeeded")
    again = httpx.post(f"{sandbox.url}/_sandbox/stripe/sessions/{session.id}/bank", json={"outcome": "failed"})
    assert again.status_code == 409


def test_a_session_for_cards_only_offers_no_bank_debit(shop, sandbox):
    session = shop.session(allowed_payment_method_types=["card"])
    assert "bank debit" not in httpx.get(f"{sandbox.url}/checkout/{session.id}").text
    assert "does not take" in shop.form(session, method="bank_debit").text


def test_an_expired_session_cannot_be_paid(shop):
    session = shop.session()
    assert shop.client.v1.checkout.sessions.expire(session.id).status == "expired"
    assert "expired" in shop.form(session).text
    assert shop.client.v1.events.list({"limit": 1}).data[0].type == "checkout.session.expired"
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.v1.checkout.sessions.expire(session.id)


def test_an_unknown_session_has_no_page(sandbox):
    assert httpx.get(f"{sandbox.url}/checkout/cs_test_nobody").status_code == 404


def test_nothing_to_pay_needs_no_payment(shop):
    free = shop.client.v1.prices.create({"product": shop.product.id, "currency": "eur", "unit_amount": 0})
    session = shop.session(line_items=[{"price": free.id, "quantity": 1}])
    shop.form(session)
    assert shop.fetch(session.id).payment_status == "no_payment_required"


def test_a_live_account_makes_live_sessions(open_shop):
    session = open_shop(mode="live").session()
    assert (session.id[:8], session.livemode) == ("cs_live_", True)


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"line_items": [{"price": "price_none", "quantity": 1}]}, "resource_missing", "line_items[0][price]"),
        ({"mode": "setup"}, None, "mode"),
        ({"mode": "subscription"}, None, "line_items"),
        ({"success_url": "/back"}, "url_invalid", "success_url"),
        ({"cancel_url": "javascript:alert(1)"}, "url_invalid", "cancel_url"),
        ({"customer_email": "ben"}, "email_invalid", "customer_email"),
        ({"payment_method_types": ["card"]}, "parameter_unknown", "payment_method_types"),
        ({"expires_at": 1}, None, "expires_at"),
        ({"metadata": {"k": "x" * 501}}, None, "metadata"),
    ],
)
def test_a_session_that_makes_no_sense_is_refused(shop, changes, code, param):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.session(**changes)
    assert (caught.value.http_status, caught.value.code, caught.value.param) == (400, code, param)


def test_a_subscription_is_paid_by_an_invoice_and_its_session_names_no_payment(shop):
    monthly = shop.client.v1.prices.create(
        {"product": shop.product.id, "currency": "eur", "unit_amount": 900, "recurring": {"interval": "month"}}
    )
    items = [{"price": monthly.id, "quantity": 1}]
    with pytest.raises(stripe.InvalidRequestError, match="one_time"):
        shop.session(line_items=items)
    with pytest.raises(stripe.InvalidRequestError, match="payment_intent_data"):
        shop.session(mode="subscription", line_items=items, payment_intent_data={"description": "x"})
    session = shop.session(mode="subscription", line_items=items)
    shop.pay(session.id)
    paid = shop.fetch(session.id)
    assert (paid.mode, paid.payment_status, paid.payment_intent, paid.amount_total) == (
        "subscription",
        "paid",
        None,
        900,
    )
    assert (paid.subscription[:4], paid.invoice[:3]) == ("sub_", "in_")


def test_an_archived_price_is_not_sold(shop):
    shop.client.v1.prices.update(shop.price.id, {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        shop.session()


def test_sessions_are_listed_and_found_by_their_payment(shop):
    paid, _ = shop.session(), shop.session()
    shop.pay(paid.id)
    intent_id = shop.fetch(paid.id).payment_intent
    assert [one.id for one in shop.client.v1.checkout.sessions.list({"payment_intent": intent_id}).data] == [paid.id]
    assert len(shop.client.v1.checkout.sessions.list({"status": "open"}).data) == 1
