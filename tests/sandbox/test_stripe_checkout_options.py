"""What Checkout adds where it is asked for and the account can: codes, tax, tax ids, invoices, fewer ways to pay."""

import httpx
import pytest
import stripe


def can(shop, **changes):
    return shop.sandbox.post(f"/stripe/accounts/{shop.keys['account_id']}/checkout", **changes)


def code(shop, name="WELCOME", percent_off=100):
    path = f"/stripe/accounts/{shop.keys['account_id']}/promotion_codes"
    return shop.sandbox.post(path, code=name, percent_off=percent_off)


def page(shop, session):
    return httpx.get(f"{shop.sandbox.url}/checkout/{session.id}").text


@pytest.mark.parametrize(
    ("able", "params", "param"),
    [
        ({}, {"automatic_tax": {"enabled": True}}, "automatic_tax"),
        ({"refuses": ["allow_promotion_codes"]}, {"allow_promotion_codes": True}, "allow_promotion_codes"),
        ({"refuses": ["invoice_creation"]}, {"invoice_creation": {"enabled": True}}, "invoice_creation"),
        ({"refuses": ["tax_id_collection"]}, {"tax_id_collection": {"enabled": True}}, "tax_id_collection"),
        ({"methods": ["sepa_debit"]}, {"allowed_payment_method_types": ["card"]}, "allowed_payment_method_types"),
        ({"methods": []}, {}, "allowed_payment_method_types"),
    ],
)
def test_what_the_account_is_not_set_up_for_is_refused_with_its_name(shop, able, params, param):
    can(shop, **able)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.session(**params)
    assert refused.value.param == param


@pytest.mark.parametrize("suffix", ["12345", "HARBOUR<1>", "CRÉDITS", "A SUFFIX THAT IS TOO LONG"])
def test_a_suffix_that_cards_do_not_take_is_refused(shop, suffix):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.session(payment_intent_data={"statement_descriptor_suffix": suffix})
    assert refused.value.param == "payment_intent_data[statement_descriptor_suffix]"


def test_tax_is_a_line_and_part_of_the_total(shop):
    can(shop, tax=True)
    session = shop.session(automatic_tax={"enabled": True})
    assert (session.amount_subtotal, session.amount_total, session.total_details.amount_tax) == (4000, 4840, 840)
    assert "Tax (21 %)" in page(shop, session)
    shop.pay(session.id)
    assert shop.fetch(session.id, "payment_intent").payment_intent.amount_received == 4840


def test_a_promotion_code_is_asked_for_only_where_it_is_allowed(shop):
    assert "Promotion code" not in page(shop, shop.session())
    assert "Promotion code" in page(shop, shop.session(allow_promotion_codes=True))


def test_a_code_on_the_page_makes_it_cheaper(shop):
    code(shop, "SPRING", 10)
    session = shop.session(allow_promotion_codes=True)
    answer = shop.form(session, method="code", code=" spring ")
    assert all(words in answer.text for words in ("Discount", "-4.00 EUR", "Pay 36.00 EUR"))
    assert shop.form(session).status_code == 303
    paid = shop.fetch(session.id)
    assert (paid.amount_subtotal, paid.amount_total, paid.total_details.amount_discount) == (4000, 3600, 400)
    assert paid.discounts[0].promotion_code.startswith("promo_")


def test_a_code_that_nobody_made_is_said_to_be_none(shop):
    answer = shop.form(shop.session(allow_promotion_codes=True), method="code", code="NOBODY")
    assert (answer.status_code, "This code is invalid" in answer.text) == (402, True)


def test_with_everything_off_nothing_is_paid_and_no_intent_is_made(shop):
    code(shop)
    session = shop.session(allow_promotion_codes=True)
    assert "Complete order" in shop.form(session, method="code", code="WELCOME").text
    assert shop.form(session, card="").status_code == 303
    done = shop.fetch(session.id)
    assert (done.status, done.payment_status, done.amount_total, done.payment_intent) == (
        "complete",
        "no_payment_required",
        0,
        None,
    )


def test_a_code_after_a_declined_card_is_charged_less(shop):
    code(shop, "HALF", 50)
    session = shop.session(allow_promotion_codes=True)
    shop.form(session, card="4000 0000 0000 0002")
    shop.pay(session.id, code="HALF")
    assert shop.fetch(session.id, "payment_intent").payment_intent.amount_received == 2000


def test_a_tax_id_stands_with_the_buyer(shop):
    session = shop.session(tax_id_collection={"enabled": True})
    assert "Tax id" in page(shop, session)
    shop.form(session, tax_id="NL123456789B01")
    assert shop.fetch(session.id).customer_details.tax_ids[0].value == "NL123456789B01"


def test_cards_only_hides_the_bank(shop):
    assert "bank debit" in page(shop, shop.session())
    assert "bank debit" not in page(shop, shop.session(allowed_payment_method_types=["card"]))


def test_every_payment_has_a_receipt_and_an_invoice_where_one_is_wanted(shop):
    session = shop.session(invoice_creation={"enabled": True})
    shop.pay(session.id)
    paid = shop.fetch(session.id, "payment_intent.latest_charge", "invoice")
    for address in (paid.payment_intent.latest_charge.receipt_url, paid.invoice.hosted_invoice_url):
        assert "40.00 EUR paid" in httpx.get(address.replace("localhost", "127.0.0.1")).text
    assert shop.client.v1.invoices.retrieve(paid.invoice.id).status == "paid"


def test_the_invoice_of_a_bank_debit_comes_with_the_money(shop):
    session = shop.session(invoice_creation={"enabled": True})
    shop.pay(session.id, method="bank_debit")
    assert shop.fetch(session.id).invoice is None
    shop.sandbox.post(f"/stripe/sessions/{session.id}/bank", outcome="succeeded")
    assert shop.fetch(session.id, "invoice").invoice.status == "paid"


@pytest.mark.parametrize(
    ("body", "words"), [({"tax": "yes"}, "takes bool"), ({"all": True}, "Unknown"), ({"methods": ["barter"]}, "card")]
)
def test_a_lever_that_is_turned_wrongly_says_so(shop, body, words):
    path = f"{shop.sandbox.url}/_sandbox/stripe/accounts/{shop.keys['account_id']}/checkout"
    answer = httpx.post(path, json=body)
    assert (answer.status_code, words in answer.text) == (400, True)
