import pytest

from billing import margin


def test_a_package_earns_its_price_without_the_cost_of_its_minutes() -> None:
    earned = margin.of(price_minor=4000, credits=100, cost_micro_per_minute=70_000)
    assert (earned.cost_minor, earned.profit_minor, earned.basis_points) == (700, 3300, 8250)
    assert not earned.loses_money


def test_a_package_below_cost_loses_money() -> None:
    lost = margin.of(price_minor=600, credits=100, cost_micro_per_minute=70_000)
    assert (lost.profit_minor, lost.basis_points) == (-100, -1667)
    assert lost.loses_money


def test_the_cost_is_rounded_once_for_the_whole_package() -> None:
    assert margin.of(price_minor=100, credits=3, cost_micro_per_minute=5_000).cost_minor == 2
    assert margin.of(price_minor=100, credits=1, cost_micro_per_minute=4_999).cost_minor == 0


def test_minutes_that_cost_nothing_earn_everything() -> None:
    assert margin.of(price_minor=4000, credits=100, cost_micro_per_minute=0).basis_points == 10_000


def test_without_a_price_there_is_no_margin() -> None:
    with pytest.raises(ValueError, match="price"):
        margin.of(price_minor=0, credits=100, cost_micro_per_minute=70_000)


def test_minutes_paid_in_euros_cost_more_in_a_cheaper_currency() -> None:
    earned = margin.of(price_minor=4000, credits=100, cost_micro_per_minute=70_000, rate_micro=1_080_000)
    assert (earned.cost_minor, earned.profit_minor) == (756, 3244)


def test_cost_and_rate_are_rounded_together_and_once() -> None:
    assert margin.of(price_minor=100, credits=3, cost_micro_per_minute=5_000, rate_micro=900_000).cost_minor == 1
    assert margin.of(price_minor=100, credits=3, cost_micro_per_minute=5_000, rate_micro=1_000_000).cost_minor == 2


def test_fees_and_tax_come_off_the_price_as_it_was_paid() -> None:
    earned = margin.of(price_minor=4000, credits=100, cost_micro_per_minute=70_000)
    supposed = margin.suppose(earned, tax_basis_points=2_100, fee_basis_points=150, fee_minor=25, sold=20)
    # 40.00 with 21 % in it are 33.06 without; Stripe takes 0.60 and 0.25.
    assert (supposed.tax_minor, supposed.fee_minor) == (694, 85)
    assert (supposed.left_minor, supposed.month_minor) == (3300 - 694 - 85, 20 * (3300 - 694 - 85))


def test_without_fees_and_tax_all_of_the_profit_is_left() -> None:
    earned = margin.of(price_minor=4000, credits=100, cost_micro_per_minute=70_000)
    supposed = margin.suppose(earned, tax_basis_points=0, fee_basis_points=0, fee_minor=0, sold=1)
    assert supposed == margin.Supposed(0, 0, 3300, 3300)
