"""A price of one client's own: exact, frozen on the purchase, and what the client saw."""

from uuid import uuid4

import pytest

from billing import own_prices, packages, purchases, stripe_shapes
from billing.models import Package, Purchase
from clients.models import Client
from tenancy import door
from tests.support import stripe_says
from tests.support.stripe_world import Shop

pytestmark = pytest.mark.django_db


def choose(shop: Shop, minor: int | None) -> None:
    with door.enter(shop.agency):
        own_prices.choose(client_id=shop.client.pk, prices={shop.package.pk: minor})


def test_the_payment_page_asks_for_the_clients_own_price_of_the_same_product(shop: Shop) -> None:
    choose(shop, 2999)
    shop.start()
    bought = shop.purchase()
    assert (bought.price_minor, bought.seconds, bought.stripe_price_id) == (2999, 6000, "")
    with door.enter(shop.agency):
        settled = purchases.refresh(purchase_id=bought.pk, secret_key=shop.secret_key)
    assert settled.state == "pending"
    told = stripe_says.session(bought.pk, id=bought.stripe_session_id, amount_subtotal=2999, amount_total=2999)
    with door.enter(shop.agency):
        settled = purchases.settle(state=stripe_shapes.checkout_state(told))
    assert (settled.state, settled.paid_minor, settled.problem) == ("paid", 2999, "")


def test_the_usual_price_paid_for_a_purchase_at_an_own_price_is_never_credited(shop: Shop) -> None:
    choose(shop, 2999)
    shop.start()
    bought = shop.purchase()
    told = stripe_says.session(bought.pk, id=bought.stripe_session_id, amount_subtotal=4000, amount_total=4000)
    with door.enter(shop.agency):
        settled = purchases.settle(state=stripe_shapes.checkout_state(told))
    assert settled.state == "pending"
    assert "another amount" in settled.problem


def test_a_price_that_changes_while_the_page_is_open_leaves_the_purchase_as_it_was_seen(shop: Shop) -> None:
    choose(shop, 2999)
    token = uuid4()
    page = shop.start(form_token=token, seen_minor=2999)
    choose(shop, 3500)
    assert shop.start(form_token=token, seen_minor=2999) == page
    assert shop.purchase().price_minor == 2999
    told = stripe_says.session(
        shop.purchase().pk, id=shop.purchase().stripe_session_id, amount_subtotal=2999, amount_total=2999
    )
    with door.enter(shop.agency):
        assert purchases.settle(state=stripe_shapes.checkout_state(told)).state == "paid"


@pytest.mark.parametrize("change", ["own", "usual", "back"])
def test_a_price_that_changed_before_the_button_starts_nothing(shop: Shop, change: str) -> None:
    choose(shop, 2999)
    if change == "usual":
        choose(shop, None)
        with door.enter(shop.agency):
            Package.objects.update(price_minor=5000)
    else:
        choose(shop, 3500 if change == "own" else None)
    with pytest.raises(own_prices.PriceChanged):
        shop.start(seen_minor=2999)
    with door.enter(shop.agency):
        assert not Purchase.objects.exists()


def test_a_lost_answer_is_asked_for_again_with_the_same_price(stripe, shop: Shop) -> None:
    choose(shop, 2999)
    token = uuid4()
    stripe.breaks("lost", "checkout", method="POST", times=3)
    with pytest.raises(stripe_shapes.StripeUnreachable):
        shop.start(form_token=token)
    choose(shop, 3100)
    assert "/checkout/cs_test_" in shop.start(form_token=token)
    assert shop.purchase().price_minor == 2999


def test_an_own_price_does_not_hold_in_another_currency(shop: Shop) -> None:
    choose(shop, 2999)
    with door.enter(shop.agency):
        Package.objects.update(currency="usd")
        client, package = Client.objects.get(pk=shop.client.pk), packages.on_sale(shop.package.pk)
        assert own_prices.price_of(client, package) == 4000


def test_other_clients_pay_what_everybody_pays(shop: Shop) -> None:
    choose(shop, 2999)
    with door.enter(shop.agency):
        bob = Client.objects.create(name="Bob", email="bob@client.test")
        assert own_prices.price_of(bob, shop.package) == 4000


@pytest.mark.parametrize("minor", [0, 49, 100_000_000])
def test_a_price_that_stripe_would_not_charge_is_refused(shop: Shop, minor: int) -> None:
    with pytest.raises(own_prices.OwnPricesRefused):
        choose(shop, minor)


def test_the_usual_amount_is_no_price_of_ones_own(shop: Shop) -> None:
    choose(shop, 4000)
    with door.enter(shop.agency):
        assert Client.objects.get(pk=shop.client.pk).prices == {}
