"""Amounts as people write them, read without a float and never in two ways."""

import pytest

from portal.dashboard.prices import read_amount


@pytest.mark.parametrize(
    ("typed", "minor"),
    [
        ("10", 1000),
        ("10.5", 1050),
        ("10,50", 1050),
        ("€ 10.00", 1000),
        ("10 EUR", 1000),
        ("$10", 1000),
        ("1,234.56", 123_456),
        ("1.234,56", 123_456),
        ("1 234,56", 123_456),
        ("1'234.56", 123_456),
        ("1 234", 123_400),
        ("1\u00a0234,50 €", 123_450),
        ("0", 0),
    ],
)
def test_an_amount_is_read(typed: str, minor: int) -> None:
    assert read_amount(typed) == minor


@pytest.mark.parametrize(
    "typed", ["", "ten", "-1", "1,234", "1.234", "10.505", "1e3", "١٠", "1.2.3", "1,23.45", "10€50", "10 20", "1 0"]
)
def test_what_is_no_amount_or_could_be_two_is_none(typed: str) -> None:
    assert read_amount(typed) is None
