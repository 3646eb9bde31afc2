"""Packages with what they earn, proved by Stripe before clients can buy them."""

import pytest
from django.utils import timezone
from django.utils.formats import date_format

from agencies.models import Agency
from billing import packages
from billing.models import Package
from tenancy import door
from tests.support.portal import text_of

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
        ("credits", "-1", "greater than or equal to 0"),
        ("lifetime_days", "0", "Use 1 to 3650 days"),
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


def made(acme: Agency, *names: str, **fields: object) -> list[Package]:
    with door.enter(acme):
        return [
            packages.save(**({"name": name, "credits": 100, "price_minor": 4000, "currency": "eur"} | fields))
            for name in names
        ]


def names(acme: Agency) -> list[str]:
    with door.enter(acme):
        return [package.name for package in Package.objects.all()]


def test_a_package_below_cost_is_saved_once_the_loss_was_shown_and_confirmed(ada, acme: Agency) -> None:
    page = ada.post("packages/new/", **{**GOOD, "price": "5.00"})
    assert (page.status_code, names(acme)) == (200, [])
    text = text_of(page)
    assert "This package loses money" in text
    assert "It brings in € 5.00 and its minutes cost you € 7.00: −€ 2.00 each time it is sold" in text
    assert 'name="accepts_loss"' in page.content.decode()
    assert ada.post("packages/new/", **{**GOOD, "price": "5.00", "accepts_loss": "on"}).status_code == 302
    assert names(acme) == ["100 credits"]


def test_nobody_is_asked_about_a_loss_that_is_none(ada, acme: Agency) -> None:
    assert "accepts_loss" not in ada.get("packages/new/").content.decode()
    assert ada.post("packages/new/", **GOOD).status_code == 302


def test_a_package_in_dollars_has_no_margin_until_a_euro_has_a_rate(ada, acme: Agency) -> None:
    made(acme, "Hundred", currency="usd")
    assert "no exchange rate yet" in text_of(ada.get("packages/"))
    asked = {"credits": "100", "price": "40", "currency": "usd"}
    assert "Enter an exchange rate" in text_of(ada.get("packages/margin/", **asked))
    day = timezone.localdate()
    saved = ada.post("packages/rates/usd/", **{"usd-rate": "1,08", "usd-on": day.isoformat()})
    assert saved.status_code == 302
    assert "you earn $32.44 (81.1 %)" in text_of(ada.get("packages/"))
    text = text_of(ada.get("packages/margin/", **asked))
    assert "$7.56" in text
    assert f"A euro is counted as $1.08, as of {date_format(day, 'j M Y')}" in text


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [("rate", "x", "Type what one euro is"), ("on", "2999-01-01", "has not come yet"), ("on", "", "required")],
)
def test_what_is_no_rate_is_said_beside_its_field(ada, field: str, value: str, sentence: str) -> None:
    typed = {"usd-rate": "1.08", "usd-on": timezone.localdate().isoformat(), f"usd-{field}": value}
    page = ada.post("packages/rates/usd/", **typed)
    assert sentence in str(page.context["rates"][0].errors[field])


def test_a_rate_of_an_unknown_currency_is_not_there(ada) -> None:
    assert ada.post("packages/rates/jpy/", **{"jpy-rate": "1"}).status_code == 404


def test_packages_change_places_with_a_button(ada, vic, acme: Agency) -> None:
    _first, second = made(acme, "First", "Second")
    assert vic.post(f"packages/{second.pk}/move/", way="up").status_code == 403
    assert ada.post(f"packages/{second.pk}/move/", way="up").status_code == 302
    assert names(acme) == ["Second", "First"]
    ada.post(f"packages/{second.pk}/move/", way="down")
    assert names(acme) == ["First", "Second"]
    assert b'aria-label="Move First up"' in ada.get("packages/").content


def test_a_hidden_package_has_an_address_to_send(connected, acme: Agency) -> None:
    connected.post("packages/new/", **GOOD, is_hidden="on")
    package = only(acme)
    assert "Hidden" in text_of(connected.get("packages/"))
    page = connected.get(f"packages/{package.pk}/").content.decode()
    assert "http://acme.portal.localhost" in page
    assert f"/buy/{package.pk}/" in page


def test_a_package_without_credits_says_so_and_never_zero(ada, acme: Agency) -> None:
    assert ada.post("packages/new/", **{**GOOD, "name": "Set-up", "credits": "0"}).status_code == 302
    text = text_of(ada.get("packages/"))
    assert "Without credits · you earn € 40.00 (100.0 %)" in text
    assert "0 credits" not in text.replace("100 credits", "")
    assert "Price per credit" not in text_of(ada.get("packages/margin/", credits="0", price="40", currency="eur"))


def test_how_long_credits_last_stands_in_the_table(ada, acme: Agency) -> None:
    ada.post("packages/new/", **GOOD, lifetime_days="90", description="For a quarter")
    assert "100 credits · last 90 days · you earn" in text_of(ada.get("packages/"))
    assert (only(acme).lifetime_days, only(acme).description) == (90, "For a quarter")


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


def test_fees_tax_and_a_number_of_sales_are_worked_out_while_they_are_typed(ada) -> None:
    asked = {"credits": "100", "price": "40", "currency": "eur", "tax": "21", "fee_percent": "1.5", "fee_fixed": "0.25"}
    text = text_of(ada.get("packages/margin/", **asked, sold="20"))
    assert "Left of each sale € 25.21" in text
    assert "Left of 20 sales a month € 504.20" in text
    # What cannot be read takes nothing off.
    assert "Left of each sale" not in text_of(
        ada.get("packages/margin/", **asked | dict.fromkeys(("tax", "fee_percent", "fee_fixed"), "x"), sold="x")
    )


def test_working_it_out_without_scripts_saves_nothing_and_keeps_what_was_typed(ada, acme: Agency) -> None:
    typed = {"name": "Big", "credits": "100", "price": "40", "currency": "eur", "fee_percent": "1.5", "sold": "3"}
    page = ada.post("packages/new/", **typed, suppose="yes")
    assert "Left of 3 sales a month € 97.20" in text_of(page)
    assert b'value="Big"' in page.content
    assert b'is_active" checked' not in page.content
    assert names(acme) == []
