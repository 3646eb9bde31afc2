import datetime
from typing import Any

import pytest
from django.utils import timezone

from agencies import pricing
from agencies.models import Agency
from billing.models import Package
from tenancy import door

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


def saved(acme: Agency, *, accepts_loss: bool = False, **changes: Any) -> Package:
    fields = {"package_id": None, "name": "100 credits", "credits": 100, "price_minor": 4000, "currency": "eur"}
    with door.enter(acme):
        return pricing.save_package(acme, accepts_loss=accepts_loss, **(fields | changes))


def test_a_package_below_cost_is_saved_only_by_who_has_seen_the_loss(acme: Agency) -> None:
    with pytest.raises(pricing.LosesMoney) as refused:
        saved(acme, price_minor=500)
    assert (refused.value.margin.cost_minor, refused.value.margin.profit_minor) == (700, -200)
    with door.enter(acme):
        assert not Package.objects.exists()
    assert saved(acme, price_minor=500, accepts_loss=True).price_minor == 500


def test_a_package_that_earns_nothing_loses_nothing(acme: Agency) -> None:
    assert saved(acme, price_minor=700).price_minor == 700


def test_without_a_rate_no_margin_is_known_and_nothing_asked(acme: Agency) -> None:
    assert pricing.margin_of(acme, price_minor=50, credits=100, currency="usd") is None
    assert saved(acme, price_minor=50, currency="usd").currency == "usd"


def test_with_a_rate_the_loss_is_known_in_the_currency_of_the_package(acme: Agency) -> None:
    pricing.save_rate(acme, currency="usd", micro=1_080_000, on=TODAY())
    earned = pricing.margin_of(Agency.objects.get(pk=acme.pk), price_minor=4000, credits=100, currency="usd")
    assert earned is not None
    assert (earned.cost_minor, earned.profit_minor) == (756, 3244)
    with pytest.raises(pricing.LosesMoney):
        saved(acme, price_minor=755, currency="usd")


def test_a_rate_of_one_currency_leaves_the_other_alone(acme: Agency) -> None:
    day = datetime.date(2026, 11, 25)
    pricing.save_rate(acme, currency="usd", micro=1_080_000, on=min(day, TODAY()))
    pricing.save_rate(acme, currency="gbp", micro=860_000, on=TODAY())
    fresh = Agency.objects.get(pk=acme.pk)
    assert pricing.rate(fresh, "gbp") == pricing.Rate(860_000, TODAY())
    assert pricing.rate(fresh, "usd") is not None


def test_a_day_that_has_not_come_has_no_rate(acme: Agency) -> None:
    with pytest.raises(pricing.RateRefused, match="not come"):
        pricing.save_rate(acme, currency="usd", micro=1_080_000, on=TODAY() + datetime.timedelta(days=1))


@pytest.mark.parametrize(("typed", "micro"), [("1.08", 1_080_000), ("0,8612", 861_200), ("1", 1_000_000)])
def test_a_rate_is_read_exactly(typed: str, micro: int) -> None:
    assert pricing.read_rate(typed) == micro


@pytest.mark.parametrize("typed", ["", "0", "0.05", "108", "1.1234567", "-1", "1.0e1", "x"])
def test_what_is_no_rate_is_refused_in_words(typed: str) -> None:
    with pytest.raises(pricing.RateRefused, match="one euro"):
        pricing.read_rate(typed)


def test_the_rate_of_another_currency_is_none_of_ours(acme: Agency) -> None:
    with pytest.raises(pricing.RateRefused):
        pricing.save_rate(acme, currency="jpy", micro=1_000_000, on=TODAY())
