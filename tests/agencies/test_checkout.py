import pytest

from agencies import checkout
from billing import checkout_options, packages
from billing.checkout_options import Options
from tenancy import door
from tests.support.stripe_world import Sandbox, Shop
from vault import connections

pytestmark = pytest.mark.django_db


def changed(shop: Shop, options: Options) -> Options:
    with door.enter(shop.agency):
        return checkout.change(shop.agency, options)


def test_what_stripe_agrees_to_is_kept(shop: Shop) -> None:
    changed(shop, Options(promotion_codes=True, statement_suffix=" HELLO "))
    assert checkout.options(shop.agency) == Options(promotion_codes=True, statement_suffix="HELLO")
    assert checkout.has_agreed(shop.agency)


def test_what_stripe_refuses_leaves_everything_as_it_was(shop: Shop) -> None:
    changed(shop, Options(promotion_codes=True))
    with pytest.raises(checkout_options.OptionsRefused) as refused:
        changed(shop, Options(automatic_tax=True))
    assert list(refused.value.errors) == ["automatic_tax"]
    assert checkout.options(shop.agency) == Options(promotion_codes=True)


def test_it_is_tried_with_what_is_sold(stripe: Sandbox, shop: Shop) -> None:
    changed(shop, Options(card_only=True))
    session = stripe.ask(shop.secret_key, "GET", "checkout/sessions")["data"][0]
    assert (session["amount_subtotal"], session["status"]) == (4000, "expired")
    with door.enter(shop.agency):
        packages.forget_proofs()
    changed(shop, Options(card_only=True))
    assert stripe.ask(shop.secret_key, "GET", "checkout/sessions")["data"][0]["amount_subtotal"] == 1000


def test_another_account_has_agreed_to_nothing(stripe: Sandbox, shop: Shop) -> None:
    assert checkout.has_agreed(shop.agency)
    changed(shop, Options(card_only=True))
    other = stripe.open_account("live")
    connections.save_stripe_keys(
        agency_id=shop.agency.pk,
        publishable_key=other["publishable_key"],
        secret_key=other["secret_key"],
        account_id=other["account_id"],
    )
    assert not checkout.has_agreed(shop.agency)
    assert checkout.options(shop.agency) == Options(card_only=True)
    assert checkout.in_force(connections.stripe_connection(shop.agency.pk)) == Options()


def test_without_a_key_nothing_can_be_tried(acme: object) -> None:
    assert checkout.options(acme) == Options()  # type: ignore[arg-type]
    with pytest.raises(connections.NotConnected):
        checkout.change(acme, Options(card_only=True))  # type: ignore[arg-type]
