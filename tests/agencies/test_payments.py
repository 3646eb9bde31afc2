import pytest

from agencies import payments
from billing import purchases
from billing.models import Package, Purchase
from tenancy import door
from tests.support.stripe_world import Sandbox, Shop
from vault import connections
from vault.models import StripeConnection

pytestmark = pytest.mark.django_db


def change_account(shop: Shop, keys: dict[str, str]) -> StripeConnection:
    return payments.connect(shop.agency, publishable_key=keys["publishable_key"], secret_key=keys["secret_key"])


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
