"""Keys, products, prices, idempotency and error shapes, through Stripe's own SDK."""

import httpx
import pytest
import stripe


def test_the_keys_of_an_account_are_well_formed_and_of_one_mode(open_shop):
    keys = open_shop(mode="live").keys
    assert keys["account_id"].startswith("acct_")
    prefixes = {name: value[:8] for name, value in keys.items() if name != "account_id"}
    assert prefixes == {"publishable_key": "pk_live_", "secret_key": "sk_live_", "restricted_key": "rk_live_"}


def test_a_secret_key_reads_its_account_and_a_restricted_one_may_not(sandbox, shop):
    account = shop.client.v1.accounts.retrieve_current()
    assert (account.id, account.charges_enabled) == (shop.keys["account_id"], True)
    with pytest.raises(stripe.PermissionError):
        sandbox.stripe(shop.keys["restricted_key"]).v1.accounts.retrieve_current()


def test_a_restricted_key_reads_prices(sandbox, shop):
    assert sandbox.stripe(shop.keys["restricted_key"]).v1.prices.retrieve(shop.price.id).id == shop.price.id


@pytest.mark.parametrize(
    ("lacks", "may_read", "may_write"), [([], True, True), (["plan_write"], True, False), (["plan_read"], False, False)]
)
def test_a_right_can_be_taken_from_a_restricted_key(sandbox, shop, lacks, may_read, may_write):
    key = shop.keys["restricted_key"]
    sandbox.post("/stripe/keys", key=key, lacks=lacks)
    prices = sandbox.stripe(key).v1.prices
    for ask, may in (
        (lambda: prices.retrieve("price_nobody"), may_read),
        (lambda: prices.update("price_nobody", {"active": True}), may_write),
    ):
        expected = "No such price" if may else r"Having the 'rak_plan_(read|write)' permission would allow"
        with pytest.raises(stripe.InvalidRequestError if may else stripe.PermissionError, match=expected):
            ask()


def test_a_right_given_back_counts_again(sandbox, shop):
    key = shop.keys["restricted_key"]
    for lacks in (["product_read"], []):
        sandbox.post("/stripe/keys", key=key, lacks=lacks)
    assert sandbox.stripe(key).v1.products.list().data


def test_a_revoked_key_has_expired(sandbox, shop):
    sandbox.post("/stripe/keys", key=shop.keys["secret_key"], revoked=True)
    with pytest.raises(stripe.AuthenticationError, match="Expired API Key"):
        shop.client.v1.accounts.retrieve_current()


def test_a_secret_key_lacks_nothing_and_nobody_is_no_key(sandbox, shop):
    for key, status in ((shop.keys["secret_key"], 400), ("rk_test_nobody", 404)):
        answer = httpx.post(f"{sandbox.url}/_sandbox/stripe/keys", json={"key": key, "lacks": ["plan_read"]})
        assert answer.status_code == status


def test_an_account_that_is_not_set_up_says_that_it_takes_no_payments(sandbox):
    keys = sandbox.post("/stripe/accounts", business_name="New", charges_enabled=False)
    assert not sandbox.stripe(keys["secret_key"]).v1.accounts.retrieve_current().charges_enabled


def test_an_unknown_key_is_an_authentication_error(sandbox):
    with pytest.raises(stripe.AuthenticationError):
        sandbox.stripe("sk_test_nobody").v1.products.list()


def test_a_publishable_key_is_told_to_be_the_wrong_one(sandbox, shop):
    with pytest.raises(stripe.PermissionError, match="publishable"):
        sandbox.stripe(shop.keys["publishable_key"]).v1.products.list()


def test_basic_authentication_works_too(sandbox, shop):
    answer = httpx.get(f"{sandbox.url}/stripe/v1/account", auth=(shop.keys["secret_key"], ""))
    assert (answer.status_code, answer.headers["Request-Id"][:4]) == (200, "req_")


def test_a_price_shows_its_product_when_asked_to(shop):
    price = shop.client.v1.prices.retrieve(shop.price.id, {"expand": ["product"]})
    assert (price.product.name, price.unit_amount, price.currency) == ("100 credits", 4000, "eur")
    assert (price.type, price.billing_scheme, price.active, price.livemode) == ("one_time", "per_unit", True, False)


def test_prices_are_listed_by_product_and_archived(shop):
    shop.client.v1.prices.update(shop.price.id, {"active": False})
    listed = shop.client.v1.prices.list({"product": shop.product.id, "active": False, "expand": ["data.product"]})
    assert [(one.id, one.product.name) for one in listed.data] == [(shop.price.id, "100 credits")]
    assert shop.client.v1.prices.list({"active": True}).data == []


def test_metadata_is_merged_and_taken_away(shop):
    shop.client.v1.products.update(shop.product.id, {"metadata": {"a": "1", "b": "2"}})
    product = shop.client.v1.products.update(shop.product.id, {"metadata": {"a": ""}})
    assert product.metadata.to_dict() == {"b": "2"}


def test_lists_go_on_after_a_cursor(shop):
    for number in range(4):
        shop.client.v1.products.create({"name": f"Package {number}"})
    names = [one.name for one in shop.client.v1.products.list({"limit": 2}).auto_paging_iter()]
    assert names == ["Package 3", "Package 2", "Package 1", "Package 0", "100 credits"]


def test_what_does_not_exist_is_404_with_its_param(shop):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.v1.prices.retrieve("price_missing")
    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")
    assert "No such price" in str(caught.value)


def test_one_account_sees_nothing_of_another(shop, open_shop):
    with pytest.raises(stripe.InvalidRequestError):
        open_shop().client.v1.prices.retrieve(shop.price.id)


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"currency": "eur", "unit_amount": 100}, "product"),
        ({"currency": "euros", "unit_amount": 100, "product": "x"}, "currency"),
        ({"currency": "eur", "unit_amount": "x", "product": "x"}, "unit_amount"),
        ({"currency": "eur", "product": "x"}, "unit_amount"),
        ({"currency": "eur", "unit_amount": 100, "product": "x", "colour": "red"}, "colour"),
    ],
)
def test_a_price_that_makes_no_sense_names_its_param(shop, params, param):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.v1.prices.create(params)
    assert (caught.value.http_status, caught.value.param) == (400, param)


def test_the_same_idempotency_key_gives_the_first_answer(shop):
    options = {"idempotency_key": "purchase-1"}
    first, second = (shop.client.v1.products.create({"name": "Once"}, options) for _ in range(2))
    assert first.id == second.id
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert len([one for one in shop.client.v1.products.list().data if one.name == "Once"]) == 1


def test_the_same_idempotency_key_for_something_else_is_an_error(shop):
    shop.client.v1.products.create({"name": "One"}, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError):
        shop.client.v1.products.create({"name": "Two"}, {"idempotency_key": "k"})


def test_a_refused_request_does_not_use_its_idempotency_key_up(shop):
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.v1.products.create({}, {"idempotency_key": "k"})
    assert shop.client.v1.products.create({"name": "Now right"}, {"idempotency_key": "k"}).name == "Now right"


def test_an_idempotency_key_is_its_accounts_own(shop, open_shop):
    first = shop.client.v1.products.create({"name": "One"}, {"idempotency_key": "k"})
    second = open_shop().client.v1.products.create({"name": "One"}, {"idempotency_key": "k"})
    assert first.id != second.id
