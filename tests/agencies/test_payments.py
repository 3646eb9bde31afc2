from typing import Any

import pytest

from agencies import going_live, payments, sweep, webhook_proof
from billing import packages, price_ids, purchases
from billing.models import Package, Purchase
from billing.stripe_shapes import StripeRightMissing
from follow_ups.models import FollowUp
from tenancy import door
from tests.support.booking import book
from tests.support.stripe_world import Sandbox, Shop
from vault import connections
from vault.models import StripeConnection

pytestmark = pytest.mark.django_db


def change_account(shop: Shop, keys: dict[str, str]) -> StripeConnection:
    return connect(shop, keys).connection


def connect(shop: Shop, keys: dict[str, str], **more: Any) -> payments.Connected:
    pair = {"publishable_key": keys["publishable_key"], "secret_key": keys["secret_key"]}
    return payments.connect(shop.agency, **(pair | more))


def endpoints(stripe: Sandbox, shop: Shop) -> list[str]:
    return [one["id"] for one in stripe.ask(shop.secret_key, "GET", "webhook_endpoints")["data"]]


def test_the_account_stays_while_a_payment_is_on_its_way(stripe: Sandbox, shop: Shop) -> None:
    shop.start()
    with pytest.raises(payments.AccountHasOpenPurchases):
        change_account(shop, stripe.open_account())


def test_a_payment_that_nobody_can_look_up_any_more_does_not_keep_the_account_for_ever(
    stripe: Sandbox, shop: Shop
) -> None:
    purchase = shop.started()
    with door.enter(shop.agency):
        purchases.give_up(purchase_id=purchase.pk)
    assert shop.purchase().state == Purchase.State.PENDING
    other = stripe.open_account()
    assert change_account(shop, other).account_id == other["account_id"]


def test_another_account_proves_every_price_anew(stripe: Sandbox, shop: Shop) -> None:
    change_account(shop, stripe.open_account())
    with door.enter(shop.agency):
        assert Package.objects.get().price_proved_at is None


def test_a_key_that_does_not_say_whose_it_is_proves_every_price_anew(stripe: Sandbox, shop: Shop) -> None:
    keys = stripe.open_account()
    saved = change_account(shop, keys | {"secret_key": keys["restricted_key"]})
    assert (saved.account_id, saved.business_name) == ("", "")
    with door.enter(shop.agency):
        assert Package.objects.get().price_proved_at is None


def test_the_same_account_keeps_what_is_proved(stripe: Sandbox, shop: Shop) -> None:
    change_account(shop, shop.keys)
    with door.enter(shop.agency):
        assert Package.objects.get().price_proved_at is not None


def test_the_webhook_that_works_stays_until_the_secret_of_the_new_one_is_kept(
    stripe: Sandbox, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    payments.set_up_webhook(shop.agency)
    before = endpoints(stripe, shop)

    def crash(**kwargs: object) -> None:
        raise SystemExit

    with monkeypatch.context() as crashing, pytest.raises(SystemExit):
        crashing.setattr(connections, "save_webhook_endpoint", crash)
        payments.set_up_webhook(shop.agency)
    assert before[0] in endpoints(stripe, shop)
    saved = payments.set_up_webhook(shop.agency)
    assert endpoints(stripe, shop) == [saved.webhook_endpoint_id]


def restricted(keys: dict[str, str]) -> dict[str, str]:
    return keys | {"secret_key": keys["restricted_key"]}


def test_a_restricted_key_of_the_same_account_may_replace_the_key_while_payments_are_open(
    stripe: Sandbox, shop: Shop
) -> None:
    shop.start()
    assert change_account(shop, restricted(shop.keys)).secret_key_mask.startswith("rk_test_")


def test_a_restricted_key_of_another_account_is_refused_while_payments_are_open(stripe: Sandbox, shop: Shop) -> None:
    shop.start()
    with pytest.raises(payments.AccountHasOpenPurchases):
        change_account(shop, restricted(stripe.open_account()))
    assert connections.stripe_secret_key(shop.agency.pk) == shop.secret_key


def test_the_key_of_another_account_is_refused_although_the_present_one_does_not_say_whose_it_is(
    stripe: Sandbox, shop: Shop
) -> None:
    change_account(shop, restricted(shop.keys))
    shop.start()
    with pytest.raises(payments.AccountHasOpenPurchases):
        change_account(shop, stripe.open_account())


# --- What a restricted key may do -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lacks", "what"),
    [
        (["checkout_session_write"], "write Checkout Sessions: without it nobody can pay"),
        (["checkout_session_read"], "write Checkout Sessions: without it nobody can pay"),
        (["product_read"], "read Products"),
        (["plan_read"], "read Prices"),
    ],
)
def test_a_key_that_could_sell_nothing_is_not_kept(stripe: Sandbox, shop: Shop, lacks: list[str], what: str) -> None:
    keys = stripe.open_account()
    stripe.turn("stripe/keys", key=keys["restricted_key"], lacks=lacks)
    with pytest.raises(payments.KeyLacksRights) as refused:
        change_account(shop, restricted(keys))
    (sentence,) = refused.value.sentences
    assert sentence.startswith(f"This key lacks the right to {what}")
    assert "in Stripe" in sentence
    assert connections.stripe_secret_key(shop.agency.pk) == shop.secret_key


@pytest.mark.parametrize(
    ("lacks", "title"),
    [
        ("webhook_write", "Webhook Endpoints"),
        ("charge_write", "Charges and Refunds"),
        ("payment_intent_read", "PaymentIntents"),
        ("dispute_read", "Disputes"),
        ("event_read", "Events"),
    ],
)
def test_a_key_that_lacks_less_is_kept_and_says_what_does_not_work(
    stripe: Sandbox, shop: Shop, lacks: str, title: str
) -> None:
    keys = stripe.open_account()
    stripe.turn("stripe/keys", key=keys["restricted_key"], lacks=[lacks])
    (sentence,) = connect(shop, restricted(keys)).shortcomings
    assert f" {title}: without it" in sentence


def test_a_key_with_every_right_of_the_list_lacks_nothing(stripe: Sandbox, shop: Shop) -> None:
    assert connect(shop, restricted(stripe.open_account())).shortcomings == ()


def test_an_account_that_takes_no_payments_yet_is_said(stripe: Sandbox, shop: Shop) -> None:
    keys = stripe.turn("stripe/accounts", business_name="New", charges_enabled=False)
    (sentence,) = connect(shop, keys).shortcomings
    assert "Finish its set-up in Stripe" in sentence


# --- Product and price of the first package ---------------------------------------------------------------------------


@pytest.fixture
def own_price(stripe: Sandbox, shop: Shop) -> dict[str, str]:
    """A product with a price that somebody made in Stripe for what the first package costs."""
    product = stripe.ask(shop.secret_key, "POST", "products", name="100 AI Calling Credits")["id"]
    return {"product_id": product, "price_id": make_price(stripe, shop, product)}


def make_price(stripe: Sandbox, shop: Shop, product: str, **changes: object) -> str:
    values = {"product": product, "currency": "eur", "unit_amount": 4000} | changes
    return str(stripe.ask(shop.secret_key, "POST", "prices", **values)["id"])


def ids(shop: Shop) -> tuple[str, str, bool]:
    with door.enter(shop.agency):
        package = Package.objects.first()
    return package.stripe_product_id, package.stripe_price_id, package.price_proved_at is not None


def test_the_first_package_is_sold_by_the_product_and_price_that_were_pasted(
    shop: Shop, own_price: dict[str, str]
) -> None:
    padded = {name: f" {value}\n" for name, value in own_price.items()}
    assert payments.connect(shop.agency, **padded).price_refused is None
    assert ids(shop) == (own_price["product_id"], own_price["price_id"], True)


def test_a_price_brings_its_product_when_there_was_none(stripe: Sandbox, shop: Shop, own_price: dict[str, str]) -> None:
    with door.enter(shop.agency):
        Package.objects.update(stripe_product_id="", stripe_price_id="", price_proved_at=None)
    payments.connect(shop.agency, price_id=own_price["price_id"])
    assert ids(shop) == (own_price["product_id"], own_price["price_id"], True)


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"unit_amount": 3900}, "price_minor", "39.00 EUR"),
        ({"currency": "usd"}, "currency", "in USD"),
        ({"recurring[interval]": "month"}, "stripe_price_id", "subscription"),
        ({"active": "false"}, "stripe_price_id", "archived"),
        ({"custom_unit_amount[enabled]": "true", "unit_amount": ""}, "stripe_price_id", "lets the buyer choose"),
    ],
)
def test_a_price_that_does_not_fit_leaves_everything_as_it_was(
    stripe: Sandbox, shop: Shop, own_price: dict[str, str], changes: dict[str, object], field: str, sentence: str
) -> None:
    before = ids(shop)
    wrong = make_price(stripe, shop, own_price["product_id"], **changes)
    refused = payments.connect(shop.agency, product_id=own_price["product_id"], price_id=wrong).price_refused
    assert refused is not None
    assert refused.field == field
    assert sentence in refused.sentence
    assert ids(shop) == before


def test_a_price_of_another_product_is_said_of_the_product(shop: Shop, own_price: dict[str, str]) -> None:
    before = ids(shop)
    refused = payments.connect(shop.agency, price_id=own_price["price_id"]).price_refused
    assert refused is not None
    assert refused.field == "stripe_product_id"
    assert ids(shop) == before


def test_a_price_that_stripe_does_not_know_is_said_and_leaves_the_package_on_sale(shop: Shop) -> None:
    before = ids(shop)
    refused = payments.connect(shop.agency, price_id="price_nobody").price_refused
    assert refused is not None
    assert "does not know this id" in refused.sentence
    assert ids(shop) == before


def test_good_keys_stay_when_the_price_does_not_fit(stripe: Sandbox, shop: Shop) -> None:
    other = stripe.open_account()
    done = connect(shop, other, product_id="prod_nobody", price_id="price_nobody")
    assert done.price_refused is not None
    assert connections.stripe_secret_key(shop.agency.pk) == other["secret_key"]


def test_own_ids_that_come_with_the_first_key_are_used_and_no_product_is_made(stripe: Sandbox, shop: Shop) -> None:
    other = stripe.open_account()
    with door.enter(shop.agency):
        Package.objects.update(stripe_product_id="", stripe_price_id="", price_proved_at=None)
    theirs = Shop(shop.agency, shop.client, shop.package, other)
    product = stripe.ask(other["secret_key"], "POST", "products", name="Mine")["id"]
    price = make_price(stripe, theirs, product)
    assert connect(shop, other, product_id=product, price_id=price).price_refused is None
    assert [one["id"] for one in stripe.ask(other["secret_key"], "GET", "products")["data"]] == [product]


def test_ids_that_are_emptied_are_made_at_stripe(shop: Shop, own_price: dict[str, str]) -> None:
    payments.connect(shop.agency, **own_price)
    assert payments.connect(shop.agency, product_id="", price_id="").price_refused is None
    product, price, is_proved = ids(shop)
    assert (price.startswith("price_"), is_proved) == (True, True)
    assert (product, price) != tuple(own_price.values())


def test_ids_of_another_account_are_named_and_setting_up_makes_new_ones(stripe: Sandbox, shop: Shop) -> None:
    product, price, _ = ids(shop)
    refused = connect(shop, stripe.open_account(), product_id=product, price_id=price).price_refused
    assert refused is not None
    assert ids(shop) == (product, price, False)
    payments.set_up_webhook(shop.agency)
    assert ids(shop)[1:] != (price, False)
    assert ids(shop)[2]


def test_setting_up_leaves_a_price_that_stripe_knows_and_that_does_not_fit(
    stripe: Sandbox, shop: Shop, own_price: dict[str, str]
) -> None:
    wrong = make_price(stripe, shop, own_price["product_id"], unit_amount=1000)
    with door.enter(shop.agency):
        Package.objects.update(stripe_product_id="", stripe_price_id=wrong, price_proved_at=None)
    payments.set_up_webhook(shop.agency)
    assert ids(shop) == ("", wrong, False)


def test_ids_without_a_package_are_refused_and_nothing_is_kept(stripe: Sandbox, shop: Shop) -> None:
    with door.enter(shop.agency):
        Package.objects.all().delete()
    with pytest.raises(payments.NoPackageYet):
        connect(shop, stripe.open_account(), price_id="price_1")
    assert connections.stripe_secret_key(shop.agency.pk) == shop.secret_key


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"product_id": "price_1"}, "stripe_product_id"),
        ({"price_id": "prod_1"}, "stripe_price_id"),
        ({"price_id": "price_1/../x"}, "stripe_price_id"),
    ],
)
def test_what_is_no_id_is_refused_before_anything_is_kept(
    stripe: Sandbox, shop: Shop, given: dict[str, str], field: str
) -> None:
    with pytest.raises(packages.PriceDoesNotFit) as refused:
        connect(shop, stripe.open_account(), **given)
    assert refused.value.field == field
    assert connections.stripe_secret_key(shop.agency.pk) == shop.secret_key


def test_packages_that_wait_are_proved_by_the_key_alone(stripe: Sandbox, shop: Shop) -> None:
    with door.enter(shop.agency):
        Package.objects.update(stripe_product_id="", stripe_price_id="", price_proved_at=None)
    connect(shop, stripe.open_account())
    assert ids(shop)[2]


def test_what_is_no_id_never_reaches_the_package(shop: Shop) -> None:
    before = ids(shop)
    with door.enter(shop.agency), pytest.raises(packages.PriceDoesNotFit, match="starts with price_"):
        price_ids.replace(package_id=shop.package.pk, product_id="", price_id="x y", secret_key=shop.secret_key)
    assert ids(shop) == before


# --- Set it up for me -------------------------------------------------------------------------------------------------


def test_setting_up_makes_products_and_prices_that_are_not_there_yet_and_makes_them_once(
    stripe: Sandbox, shop: Shop
) -> None:
    with door.enter(shop.agency):
        packages.save(name="500 credits", credits=500, price_minor=18_000, currency="eur")
    for _ in range(2):
        payments.set_up_webhook(shop.agency)
    with door.enter(shop.agency):
        assert not Package.objects.filter(price_proved_at=None).exists()
    assert len(stripe.ask(shop.secret_key, "GET", "products")["data"]) == 2


def test_setting_up_replaces_an_endpoint_whose_secret_nobody_knows(stripe: Sandbox, shop: Shop) -> None:
    stripe.ask(
        shop.secret_key,
        "POST",
        "webhook_endpoints",
        url=webhook_proof.webhook_url(shop.agency),
        **{"enabled_events[]": "checkout.session.completed"},
    )
    saved = payments.set_up_webhook(shop.agency)
    assert endpoints(stripe, shop) == [saved.webhook_endpoint_id]


def test_without_the_right_to_write_endpoints_setting_up_says_so(stripe: Sandbox, shop: Shop) -> None:
    keys = stripe.open_account()
    stripe.turn("stripe/keys", key=keys["restricted_key"], lacks=["webhook_write"])
    change_account(shop, restricted(keys))
    with pytest.raises(StripeRightMissing, match="write Webhook Endpoints: without it you set the webhook up by hand"):
        payments.set_up_webhook(shop.agency)


def test_live_keys_take_test_credits_away_only_when_the_owner_agrees(stripe: Sandbox, shop: Shop) -> None:
    with door.enter(shop.agency):
        book(shop.client.pk, "given", 600)
    live = stripe.open_account("live")
    with pytest.raises(payments.TestCreditsLeft) as refused:
        connect(shop, live)
    assert refused.value.preview == going_live.Preview(clients=1, seconds=600)
    assert connections.stripe_connection(shop.agency.pk).livemode is False
    connect(shop, live, removes_test_credits=True)
    assert connections.stripe_connection(shop.agency.pk).livemode is True
    assert FollowUp.objects.filter(agency=shop.agency, kind=going_live.KIND).exists()


def test_without_test_credits_live_keys_ask_for_nothing(stripe: Sandbox, shop: Shop) -> None:
    connect(shop, stripe.open_account("live"))
    assert connections.stripe_connection(shop.agency.pk).livemode is True


def test_a_new_key_has_stripes_lists_swept(stripe: Sandbox, shop: Shop) -> None:
    FollowUp.objects.all().delete()
    connect(shop, shop.keys)
    assert FollowUp.objects.filter(agency=shop.agency, kind=sweep.KIND).exists()
