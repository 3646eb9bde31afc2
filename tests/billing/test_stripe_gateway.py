"""Over real sockets, against the sandbox."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from billing import stripe_gateway, stripe_shapes
from billing.checkout_options import Options
from billing.stripe_gateway import asking
from tenancy import network
from tests.support.stripe_world import Sandbox

pytestmark = pytest.mark.django_db
PACKAGE = uuid.UUID(int=7)


@pytest.fixture
def key(stripe: Sandbox) -> str:
    return stripe.open_account()["secret_key"]


def made(key: str, **changes: Any) -> stripe_shapes.PriceState:
    values = {"package_id": PACKAGE, "name": "100 credits", "price_minor": 4000, "currency": "eur"} | changes
    return stripe_gateway.make_product_and_price(secret_key=key, **values)


def checkout(key: str, price_id: str, purchase_id: uuid.UUID, **changes: Any) -> stripe_shapes.CheckoutSession:
    values = {
        "email": "ben@client.test",
        "success_url": "http://acme.portal.localhost/back?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://acme.portal.localhost/buy",
        "expires_at": timezone.now() + timedelta(hours=23),
        "options": Options(),
    } | changes
    return stripe_gateway.create_checkout(secret_key=key, purchase_id=purchase_id, price=price_id, **values)


def test_the_account_behind_a_key_is_named(stripe: Sandbox) -> None:
    keys = stripe.open_account()
    account = stripe_gateway.check_account(keys["secret_key"])
    assert (account.id, account.name, account.livemode) == (keys["account_id"], "Acme Payments", False)


def test_a_restricted_key_that_may_not_read_the_account_is_good_enough(stripe: Sandbox) -> None:
    account = stripe_gateway.check_account(stripe.open_account()["restricted_key"])
    assert account.id == ""


def test_an_unknown_key_is_refused_and_not_repeated(stripe: Sandbox) -> None:
    with pytest.raises(stripe_shapes.StripeKeyRefused) as refused:
        stripe_gateway.check_account("sk_test_51CanaryCanaryCanary")
    assert "Canary" not in f"{refused.value!r} {refused.value.sentence}"
    assert refused.value.__cause__ is None


def test_a_price_is_made_once_however_often_it_is_asked_for(stripe: Sandbox, key: str) -> None:
    first, second = made(key), made(key)
    assert first == second
    assert (first.unit_amount, first.currency, first.type, first.active) == (4000, "eur", "one_time", True)
    assert made(key, price_minor=5000).id != first.id


def test_an_archived_price_of_ours_is_taken_into_use_again(stripe: Sandbox, key: str) -> None:
    price = made(key)
    stripe.ask(key, "POST", f"prices/{price.id}", active="false")
    stripe.ask(key, "POST", f"products/{price.product_id}", active="false")
    again = made(key)
    assert again.id == price.id
    assert stripe_gateway.check_price(secret_key=key, price_id=price.id).active
    assert stripe_gateway.check_price(secret_key=key, price_id=price.id).product_active


def test_a_price_of_another_account_is_missing(stripe: Sandbox, key: str) -> None:
    price = made(key)
    with pytest.raises(stripe_shapes.StripeMissing):
        stripe_gateway.check_price(secret_key=stripe.open_account()["secret_key"], price_id=price.id)


def test_one_purchase_has_one_page_however_often_it_is_asked_for(key: str) -> None:
    purchase_id, expires_at, price = uuid.uuid4(), timezone.now() + timedelta(hours=23), made(key)
    pages = {checkout(key, price.id, purchase_id, expires_at=expires_at) for _ in range(3)}
    assert len(pages) == 1


def test_a_page_carries_the_purchase_everywhere(stripe: Sandbox, key: str) -> None:
    purchase_id = uuid.uuid4()
    session = checkout(key, made(key).id, purchase_id)
    raw = stripe.ask(key, "GET", f"checkout/sessions/{session.id}")
    assert raw["success_url"].endswith("?session={CHECKOUT_SESSION_ID}")
    assert (raw["customer_email"], raw["adaptive_pricing"]) == ("ben@client.test", {"enabled": False})
    state = stripe_gateway.fetch_session(secret_key=key, session_id=session.id)
    assert (state.purchase_id, state.status, state.payment_status) == (purchase_id, "open", "unpaid")
    assert (state.amount_subtotal, state.currency, state.mode, state.livemode) == (4000, "eur", "payment", False)


def test_a_page_behaves_as_the_agency_wants_it_to(stripe: Sandbox) -> None:
    keys = stripe.open_account()
    key = keys["secret_key"]
    stripe.turn(f"stripe/accounts/{keys['account_id']}/checkout", tax=True)
    wanted = Options(
        promotion_codes=True, automatic_tax=True, tax_ids=True, invoices=True, card_only=True, statement_suffix="HELLO"
    )
    session = checkout(key, made(key).id, uuid.uuid4(), options=wanted)
    raw = stripe.ask(key, "GET", f"checkout/sessions/{session.id}")
    on = [raw["automatic_tax"]["enabled"], raw["tax_id_collection"]["enabled"], raw["invoice_creation"]["enabled"]]
    assert (raw["allow_promotion_codes"], on, raw["payment_method_types"]) == (True, [True] * 3, ["card"])
    stripe.pay(session.id)
    intent = stripe_gateway.fetch_session(secret_key=key, session_id=session.id).payment_intent
    kept = stripe.ask(key, "GET", f"payment_intents/{intent}")
    assert kept["statement_descriptor_suffix"] == "HELLO"
    assert kept["metadata"]["purchase_id"]


def test_a_purchase_whose_answer_was_lost_goes_on_with_other_options(key: str) -> None:
    purchase_id, expires_at, price = uuid.uuid4(), timezone.now() + timedelta(hours=23), made(key)
    checkout(key, price.id, purchase_id, expires_at=expires_at)
    assert checkout(key, price.id, purchase_id, expires_at=expires_at, options=Options(card_only=True)).url


def test_a_receipt_is_stripes_invoice_or_else_its_receipt(stripe: Sandbox, key: str) -> None:
    def receipt_of(session: stripe_shapes.CheckoutSession) -> str:
        return stripe_gateway.fetch_receipt_url(secret_key=key, session_id=session.id)

    plain = checkout(key, made(key).id, uuid.uuid4())
    assert receipt_of(plain) == ""
    stripe.pay(plain.id)
    assert "/receipts/ch_" in receipt_of(plain)
    with_invoice = checkout(key, made(key).id, uuid.uuid4(), options=Options(invoices=True))
    stripe.pay(with_invoice.id)
    assert "/invoices/in_" in receipt_of(with_invoice)


def test_a_paid_page_names_its_payment(stripe: Sandbox, key: str) -> None:
    purchase_id = uuid.uuid4()
    session = checkout(key, made(key).id, purchase_id)
    stripe.pay(session.id)
    state = stripe_gateway.fetch_session(secret_key=key, session_id=session.id)
    assert (state.status, state.payment_status, state.payment_intent_status) == ("complete", "paid", "succeeded")
    intent = stripe.ask(key, "GET", f"payment_intents/{state.payment_intent}")
    assert intent["metadata"] == {"purchase_id": str(purchase_id)}


def test_a_failed_bank_debit_is_seen_in_the_session(stripe: Sandbox, key: str) -> None:
    session = checkout(key, made(key).id, uuid.uuid4())
    stripe.pay(session.id, method="bank_debit")
    assert not stripe_gateway.fetch_session(secret_key=key, session_id=session.id).bank_said_no
    stripe.turn(f"stripe/sessions/{session.id}/bank", outcome="failed")
    assert stripe_gateway.fetch_session(secret_key=key, session_id=session.id).bank_said_no


def test_an_endpoint_is_made_for_every_event_in_the_version_we_read(stripe: Sandbox, key: str) -> None:
    url = "http://portal.localhost:8000/api/webhooks/stripe/acme"
    stripe.ask(key, "POST", "webhook_endpoints", **{"url": "http://localhost/other", "enabled_events[]": "*"})
    orphan = stripe_gateway.make_webhook_endpoint(secret_key=key, url=url)
    endpoint = stripe_gateway.make_webhook_endpoint(secret_key=key, url=url)
    assert endpoint.replaces == (orphan.id,)
    stripe_gateway.remove_webhook_endpoints(secret_key=key, endpoint_ids=endpoint.replaces)
    listed = {one["id"]: one for one in stripe.ask(key, "GET", "webhook_endpoints")["data"]}
    assert orphan.id not in listed
    assert len(listed) == 2
    assert listed[endpoint.id]["enabled_events"] == list(stripe_gateway.EVENTS)
    assert listed[endpoint.id]["api_version"] == stripe_gateway.API_VERSION
    assert endpoint.secret.startswith("whsec_")
    assert endpoint.secret not in repr(endpoint)


@pytest.mark.parametrize("kind", ["cut", "500", "lost"])
def test_trap_57_a_lost_connection_is_tried_again_with_the_same_key(stripe: Sandbox, key: str, kind: str) -> None:
    price = made(key)
    stripe.breaks(kind, "checkout", method="POST")
    session = checkout(key, price.id, uuid.uuid4())
    assert [one["id"] for one in stripe.ask(key, "GET", "checkout/sessions")["data"]] == [session.id]


@pytest.mark.parametrize("kind", ["cut", "502", "503"])
def test_a_stripe_that_stays_away_is_one_kind_of_error(stripe: Sandbox, key: str, kind: str) -> None:
    stripe.breaks(kind, "account", times=3)
    with pytest.raises(stripe_shapes.StripeUnreachable):
        stripe_gateway.check_account(key)
    assert stripe_gateway.check_account(key).id


def test_too_many_requests_is_a_matter_of_trying_later(stripe: Sandbox, key: str) -> None:
    stripe.breaks("429", "account", times=3)
    with pytest.raises(stripe_shapes.StripeUnreachable):
        stripe_gateway.check_account(key)


def test_trap_59_stripe_has_ten_seconds_to_answer() -> None:
    assert asking.http()._timeout == (3, 10)


def test_whole_answers_are_never_logged(key: str) -> None:
    import logging

    stripe_gateway.check_account(key)
    assert not logging.getLogger("stripe").isEnabledFor(logging.INFO)


def test_stripe_is_never_asked_inside_a_transaction(key: str) -> None:
    with pytest.raises(network.InsideTransaction), transaction.atomic():
        stripe_gateway.check_account(key)


def test_trap_58_the_global_key_stays_empty_and_agencies_do_not_mix(stripe: Sandbox) -> None:
    import stripe as library

    keys = [stripe.open_account() for _ in range(2)] * 8
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda one: stripe_gateway.check_account(one["secret_key"]).id, keys))
    assert seen == [one["account_id"] for one in keys]
    assert library.api_key is None
