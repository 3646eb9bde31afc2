"""What the portal keeps as integers is shown exactly, with the sign and the separators people expect."""

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from portal.templatetags import figures

SECONDS = st.integers(-(10**12), 10**12)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.00"),
        (1, "0.02"),
        (65, "1.08"),
        (204, "3.40"),
        (400, "6.67"),
        (12876, "214.60"),
        (6_000_000, "100,000.00"),
        (-204, "−3.40"),
        (-1, "−0.02"),
        (None, ""),
    ],
)
def test_seconds_are_shown_as_credits(seconds: int | None, shown: str) -> None:
    assert figures.in_credits(seconds) == shown


@given(SECONDS)
def test_credits_are_the_nearest_hundredth(seconds: int) -> None:
    # 3/5 of a second is a hundredth of a credit; compared in fifths of a second, all integers.
    assert abs(5 * seconds - 3 * figures.hundredths(seconds)) * 2 < 3


@given(SECONDS)
def test_a_debit_shows_the_same_digits_as_its_credit(seconds: int) -> None:
    assert figures.hundredths(-seconds) == -figures.hundredths(seconds)


@pytest.mark.parametrize(("seconds", "shown"), [(6000, "+100.00"), (-204, "−3.40"), (0, "0.00"), (None, "")])
def test_an_entry_shows_its_sign(seconds: int | None, shown: str) -> None:
    assert figures.signed_credits(seconds) == shown


@pytest.mark.parametrize(("seconds", "parts"), [(12876, ("214", ".60")), (-24, ("−0", ".40")), (0, ("0", ".00"))])
def test_a_balance_is_cut_before_its_decimals(seconds: int, parts: tuple[str, str]) -> None:
    assert figures.credit_parts(seconds) == parts


def test_a_balance_is_cut_at_the_separator_of_the_language() -> None:
    with translation.override("de"):
        assert figures.credit_parts(6_000_000) == ("100.000", ",00")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (24, "24 s"),
        (60, "1 min"),
        (65, "1 min 05 s"),
        (204, "3 min 24 s"),
        (504_720, "8,412 min"),
        (-65, "−1 min 05 s"),
        (None, ""),
    ],
)
def test_time_is_told_to_the_second(seconds: int | None, shown: str) -> None:
    assert figures.minutes_seconds(seconds) == shown


@pytest.mark.parametrize(("seconds", "shown"), [(161, "02:41"), (0, "00:00"), (3661, "1:01:01"), (-5, "00:00")])
def test_a_running_call_has_a_clock(seconds: int, shown: str) -> None:
    assert figures.clock(seconds) == shown


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (4000, "eur", "€ 40.00"),
        (4000, "USD", "$40.00"),
        (123456789, "gbp", "£1,234,567.89"),
        (500, "jpy", "JPY 500"),
        (1500, "kwd", "KWD 1.500"),
        (-4000, "eur", "−€ 40.00"),
        (4000, "chf", "CHF 40.00"),
        (None, "eur", ""),
    ],
)
def test_money_is_shown_with_its_currency(minor: int | None, currency: str, shown: str) -> None:
    assert figures.money(minor, currency) == shown


@pytest.mark.parametrize(
    ("micro", "shown"),
    [(70_000, "€ 0.07"), (72_500, "€ 0.0725"), (1, "€ 0.000001"), (0, "€ 0.00"), (-70_000, "−€ 0.07"), (None, "")],
)
def test_a_rate_keeps_every_digit_it_has(micro: int | None, shown: str) -> None:
    assert figures.rate(micro, "eur") == shown


@pytest.mark.parametrize(("permille", "shown"), [(825, "82.5 %"), (-50, "−5.0 %"), (1000, "100.0 %"), (None, "")])
def test_a_margin_is_shown_in_percent(permille: int | None, shown: str) -> None:
    assert figures.percent(permille) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+31612347788", "+31 6 ••• 7788"),
        ("+31 20 555 41 12", "+31 2 ••• 4112"),
        ("+14155550123", "+1 4 ••• 0123"),
        ("+353861234567", "+353 8 ••• 4567"),
        ("0612347788", "••• 88"),
        ("+3112345", "••• 45"),
        ("anonymous", "Hidden number"),
        ("", "Hidden number"),
        (None, "Hidden number"),
    ],
)
def test_a_number_cannot_be_dialled_from_the_screen(number: str | None, shown: str) -> None:
    assert figures.masked_phone(number) == shown


@given(st.text(max_size=40))
def test_a_masked_number_shows_at_most_eight_digits(number: str) -> None:
    assert sum(sign.isdigit() for sign in figures.masked_phone(number)) <= 8
