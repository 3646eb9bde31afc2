"""Packages with what they earn, proved by Stripe before clients can buy them."""

import pytest

from agencies.models import Agency
from billing.models import Package
from tenancy import door

pytestmark = pytest.mark.django_db
GOOD = {"name": "100 credits", "credits": "100", "price": "40.00", "currency": "eur", "is_active": "on"}


@pytest.fixture
def connected(ada, stripe_keys):
    ada.post("payments/", publishable_key=stripe_keys["publishable_key"], secret_key=stripe_keys["secret_key"])
    return ada


def only(acme: Agency) -> Package:
    with door.enter(acme):
        return Package.objects.get()


def test_the_guides_example_earns_what_the_guide_says(ada) -> None:
    page = ada.get("packages/margin/", credits="100", price="40,00", currency="eur").content.decode()
    assert ["€ 7.00" in page, "€ 33.00" in page, "82.5 %" in page, "€ 0.40" in page] == [True] * 4


@pytest.mark.parametrize(
    "typed", [{"price": "x"}, {"credits": "-1"}, {"credits": ""}, {"price": "0"}, {"credits": "9" * 40}]
)
def test_a_margin_of_nonsense_is_no_margin(ada, typed: dict[str, str]) -> None:
    page = ada.get("packages/margin/", **{"credits": "100", "price": "40", **typed})
    assert b"Type credits and a price" in page.content


def test_a_price_below_cost_is_pointed_out(ada) -> None:
    assert b"costs you more" in ada.get("packages/margin/", credits="100", price="5").content


def test_product_and_price_are_made_at_stripe(connected, acme: Agency) -> None:
    assert connected.post("packages/new/", **GOOD).status_code == 302
    package = only(acme)
    assert (package.price_minor, package.credits) == (4000, 100)
    assert package.stripe_price_id.startswith("price_")
    assert package.price_proved_at is not None


def test_a_given_price_of_another_amount_is_refused_and_the_next_try_makes_no_second_package(
    connected, outside, stripe_keys, acme: Agency
) -> None:
    key = stripe_keys["secret_key"]
    product = outside.ask(key, "POST", "products", name="Credits")["id"]
    price = outside.ask(key, "POST", "prices", product=product, currency="eur", unit_amount="4100")["id"]
    page = connected.post("packages/new/", **GOOD, stripe_product_id=product, stripe_price_id=price)
    assert "41.00 EUR" in str(page.context["form"].errors["price"])
    again = connected.browser.post(page.context["form"].action, {**GOOD, "price": "41.00", "stripe_price_id": price})
    assert again.status_code == 302
    assert only(acme).price_proved_at is not None


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("credits", "0", "greater than or equal to 1"),
        ("credits", "1.5", "whole number"),
        ("price", "abc", "Type a price"),
        ("price", "-4", "Type a price"),
        ("price", "0.10", "between 0.50 EUR"),
        ("price", "40.123", "Type a price"),
        ("name", "", "required"),
        ("currency", "xxx", "not one of the available"),
        ("stripe_price_id", "prod_1", "A price id starts with price_"),
        ("stripe_price_id", "price_nobody", "Stripe does not know this id"),
    ],
)
def test_each_error_stands_beside_its_field(connected, field: str, value: str, sentence: str) -> None:
    page = connected.post("packages/new/", **{**GOOD, field: value})
    assert sentence in str(page.context["form"].errors[field])


def test_editing_shows_what_is_stored(connected, acme: Agency) -> None:
    connected.post("packages/new/", **GOOD)
    page = connected.get(f"packages/{only(acme).pk}/")
    assert page.context["form"]["price"].value() == "40.00"
    assert "€ 33.00" in page.content.decode()


def test_a_package_of_another_agency_is_not_there(ada, globex: Agency) -> None:
    with door.enter(globex):
        other = Package.objects.create(name="Theirs", credits=1, price_minor=100)
    assert ada.get(f"packages/{other.pk}/").status_code == 404


def test_a_viewer_changes_nothing_and_a_manager_may(vic, mia) -> None:
    assert vic.post("packages/new/", **GOOD).status_code == 403
    assert mia.post("packages/new/", **GOOD).status_code == 302


def test_welcome_credits_are_set_and_shown_with_what_they_cost(mia, acme: Agency) -> None:
    assert "begin with nothing" in mia.get("packages/").content.decode()
    mia.post("packages/welcome/", **{"welcome-credits": "10"})
    assert Agency.objects.get(pk=acme.pk).welcome_credits == 10
    assert "they cost you € 0.70: € 0.07 for each" in mia.get("packages/").content.decode()


@pytest.mark.parametrize("typed", ["", "-1", "1001", "2.5", "ten"])
def test_welcome_credits_that_cannot_be_are_explained(ada, acme: Agency, typed: str) -> None:
    page = ada.post("packages/welcome/", **{"welcome-credits": typed})
    assert page.status_code == 200
    assert page.context["welcome_form"].errors["credits"]
    assert Agency.objects.get(pk=acme.pk).welcome_credits == 0


def test_a_viewer_sets_no_welcome(vic, acme: Agency) -> None:
    assert b"welcome-credits" not in vic.get("packages/").content
    assert vic.post("packages/welcome/", **{"welcome-credits": "10"}).status_code == 403
