import pytest

from billing import credits


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("10", 600),
        (" 10 ", 600),
        ("2.5", 150),
        ("10,25", 615),
        ("0.05", 3),
        ("0,10", 6),
        ("1.", 60),
        ("1.500", 90),
        ("+3", 180),
        ("-3", -180),
        ("\N{MINUS SIGN}0.5", -30),
        ("0", 0),
        ("007", 420),
        ("1000000", 60_000_000),
    ],
)
def test_typed_credits_are_seconds_exactly(typed: str, seconds: int) -> None:
    assert credits.parse(typed) == seconds


@pytest.mark.parametrize(
    "typed", ["", "ten", "1e3", "1.2.3", "1 000", "1,000.50", "--1", ".5", "0x10", "٣", "NaN", "inf", "1" * 13]
)
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(credits.BadCredits, match="Type a number of credits"):
        credits.parse(typed)


@pytest.mark.parametrize("typed", ["0.01", "2.02", "-0.99"])
def test_what_is_no_whole_number_of_seconds_is_refused(typed: str) -> None:
    with pytest.raises(credits.BadCredits, match="whole seconds"):
        credits.parse(typed)


def test_more_than_two_decimals_are_refused() -> None:
    with pytest.raises(credits.BadCredits, match="at most two decimals"):
        credits.parse("0.125")


@pytest.mark.parametrize("typed", ["1000000.05", "-1000001", "999999999999"])
def test_an_absurd_number_is_refused(typed: str) -> None:
    with pytest.raises(credits.BadCredits, match="more than 1000000 credits"):
        credits.parse(typed)


def test_the_bound_can_be_lower() -> None:
    with pytest.raises(credits.BadCredits, match="more than 50 credits"):
        credits.parse("51", most_credits=50)


@pytest.mark.parametrize(
    ("seconds", "parts"), [(0, (0, 0)), (61, (1, 1)), (-61, (-1, -1)), (59, (0, 59)), (-60, (-1, 0))]
)
def test_seconds_are_whole_credits_and_a_rest_of_one_sign(seconds: int, parts: tuple[int, int]) -> None:
    assert credits.split(seconds) == parts
    assert credits.to_seconds(parts[0]) + parts[1] == seconds
