from collections.abc import Iterator
from typing import Any

import pytest

from billing import packages
from billing.models import Package
from tenancy import door
from tests.support.stripe_world import Sandbox, Shop

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def inside(shop: Shop) -> Iterator[None]:
    with door.enter(shop.agency):
        yield


def saved(**changes: Any) -> Package:
    return packages.save(**({"name": "100 credits", "credits": 100, "price_minor": 4000, "currency": "eur"} | changes))


def proved(shop: Shop, package: Package) -> Package:
    return packages.prove_price(package_id=package.pk, secret_key=shop.secret_key)


def price_of(stripe: Sandbox, shop: Shop, **fields: Any) -> dict[str, Any]:
    """A price as the agency makes it by hand in Stripe."""
    product = stripe.ask(shop.secret_key, "POST", "products", name="By hand")["id"]
    fields = {"product": product, "currency": "eur", "unit_amount": 4000} | fields
    price: dict[str, Any] = stripe.ask(shop.secret_key, "POST", "prices", **fields)
    return price


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "x" * 81),
        ("description", "x" * 201),
        ("lifetime_days", 0),
        ("lifetime_days", 3651),
        ("credits", -5),
        ("credits", 1_000_001),
        ("price_minor", 49),
        ("price_minor", 100_000_000),
        ("currency", "jpy"),
        ("stripe_product_id", "price_1abc"),
        ("stripe_price_id", "prod_1abc"),
        ("stripe_price_id", "price 1"),
    ],
)
def test_what_is_no_package_is_refused_beside_its_field(field: str, value: object) -> None:
    with pytest.raises(packages.PackageRefused) as refused:
        saved(**{field: value})
    assert list(refused.value.errors) == [field]


def test_every_wrong_field_has_its_sentence() -> None:
    with pytest.raises(packages.PackageRefused) as refused:
        saved(name="", credits=-1, price_minor=1)
    assert set(refused.value.errors) == {"name", "credits", "price_minor"}


def test_a_new_package_is_not_on_sale_until_its_price_is_proved(shop: Shop) -> None:
    package = saved()
    with pytest.raises(packages.NotOnSale):
        packages.on_sale(package.pk)
    proved(shop, package)
    assert packages.on_sale(package.pk) == package


def test_without_ids_product_and_price_are_made_at_stripe(stripe: Sandbox, shop: Shop) -> None:
    package = proved(shop, saved(price_minor=5000, currency="usd"))
    price = stripe.ask(shop.secret_key, "GET", f"prices/{package.stripe_price_id}")
    assert (price["unit_amount"], price["currency"], price["product"]) == (5000, "usd", package.stripe_product_id)


def test_a_price_made_by_hand_is_accepted_with_the_spaces_it_was_pasted_with(stripe: Sandbox, shop: Shop) -> None:
    price = price_of(stripe, shop)
    package = proved(shop, saved(stripe_price_id=f" {price['id']}\n", stripe_product_id=f"'{price['product']}'"))
    assert package.price_proved_at is not None


@pytest.mark.parametrize(
    ("price", "changes", "field", "words"),
    [
        ({"unit_amount": 4100}, {}, "price_minor", "41.00 EUR"),
        ({"currency": "usd"}, {}, "currency", "USD"),
        ({"recurring[interval]": "month"}, {}, "stripe_price_id", "subscription"),
        ({"active": "false"}, {}, "stripe_price_id", "archived"),
        ({"unit_amount": "", "custom_unit_amount[enabled]": "true"}, {}, "stripe_price_id", "fixed amount"),
        ({}, {"stripe_product_id": "prod_other"}, "stripe_product_id", "another product"),
        ({}, {"stripe_price_id": "price_unknown"}, "stripe_price_id", "does not know"),
    ],
)
def test_a_price_that_does_not_fit_is_named_with_its_field(
    stripe: Sandbox, shop: Shop, price: dict[str, Any], changes: dict[str, str], field: str, words: str
) -> None:
    package = saved(**({"stripe_price_id": price_of(stripe, shop, **price)["id"]} | changes))
    with pytest.raises(packages.PriceDoesNotFit) as refused:
        proved(shop, package)
    assert refused.value.field == field
    assert words in refused.value.sentence
    assert Package.objects.get(pk=package.pk).price_proved_at is None


def test_an_archived_product_is_named(stripe: Sandbox, shop: Shop) -> None:
    price = price_of(stripe, shop)
    stripe.ask(shop.secret_key, "POST", f"products/{price['product']}", active="false")
    with pytest.raises(packages.PriceDoesNotFit) as refused:
        proved(shop, saved(stripe_price_id=price["id"]))
    assert refused.value.field == "stripe_product_id"


def test_a_new_amount_means_a_new_price(shop: Shop) -> None:
    package = shop.package
    changed = saved(package_id=package.pk, price_minor=4500, stripe_price_id=package.stripe_price_id)
    assert (changed.stripe_price_id, changed.price_proved_at) == ("", None)
    assert proved(shop, changed).stripe_price_id not in ("", package.stripe_price_id)


def test_a_new_name_leaves_the_proof_alone(shop: Shop) -> None:
    package = shop.package
    ids = {"stripe_product_id": package.stripe_product_id, "stripe_price_id": package.stripe_price_id}
    assert saved(package_id=package.pk, name="Hundred", **ids).price_proved_at == package.price_proved_at


def test_editing_a_package_leaves_purchases_as_they_were(shop: Shop) -> None:
    purchase = shop.started()
    saved(package_id=shop.package.pk, name="Other", credits=7, price_minor=900)
    purchase.refresh_from_db()
    assert (purchase.package_name, purchase.seconds, purchase.price_minor) == ("100 credits", 6000, 4000)


def test_after_a_change_of_account_nothing_is_on_sale(shop: Shop) -> None:
    packages.forget_proofs()
    assert not packages.all_on_sale().exists()


def test_a_package_that_is_switched_off_is_not_on_sale(shop: Shop) -> None:
    Package.objects.update(is_active=False)
    with pytest.raises(packages.NotOnSale):
        packages.on_sale(shop.package.pk)


def test_without_credits_nothing_can_expire() -> None:
    with pytest.raises(packages.PackageRefused) as refused:
        saved(credits=0, lifetime_days=30)
    assert list(refused.value.errors) == ["lifetime_days"]
    assert saved(name="Set-up", credits=0).credits == 0


def test_a_hidden_package_is_sold_and_not_listed(shop: Shop) -> None:
    package = proved(shop, saved(name="For friends", is_hidden=True))
    assert packages.on_sale(package.pk) == package
    assert package not in packages.listed()
    assert shop.package in packages.listed()


def test_a_new_package_stands_behind_the_others_and_editing_leaves_it_there(shop: Shop) -> None:
    last = saved(name="Last", price_minor=100)
    saved(package_id=last.pk, name="Renamed", price_minor=100)
    assert [package.name for package in Package.objects.all()] == ["100 credits", "Renamed"]


def test_packages_change_places_and_stop_at_both_ends(shop: Shop) -> None:
    second, third = saved(name="Second"), saved(name="Third")
    names = lambda: [package.name for package in Package.objects.all()]  # noqa: E731
    packages.move(package_id=third.pk, up=True)
    assert names() == ["100 credits", "Third", "Second"]
    packages.move(package_id=shop.package.pk, up=True)
    packages.move(package_id=second.pk, up=False)
    assert names() == ["100 credits", "Third", "Second"]
    packages.move(package_id=shop.package.pk, up=False)
    assert names() == ["Third", "100 credits", "Second"]
