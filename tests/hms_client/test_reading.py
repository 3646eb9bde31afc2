from datetime import UTC, datetime
from decimal import Decimal

import pytest

from hms_client import UnexpectedAnswer
from hms_client.reading import Reader, decimal, flag, moment, seconds, text, whole


def test_the_first_name_that_says_something_counts():
    read = Reader({"a": None, "b": "x", "c": "y"}, "thing")
    assert read.required(text, "a", "b", "c") == "x"
    assert read.rest() == {"c": "y"}


def test_a_missing_field_is_named_but_no_value_is_told():
    with pytest.raises(UnexpectedAnswer, match=r"thing\.id is missing"):
        Reader({"name": "private"}, "thing").required(text, "id")
    with pytest.raises(UnexpectedAnswer) as caught:
        Reader({"seconds": "private"}, "thing").exact(seconds, "seconds")
    assert "private" not in str(caught.value)
    assert caught.value.body == {"seconds": "private"}


def test_an_informative_field_of_another_kind_is_kept_aside():
    read = Reader({"note": {"odd": 1}}, "thing")
    assert read.optional(text, "note") is None
    assert read.rest() == {"note": {"odd": 1}}


@pytest.mark.parametrize("value", [84, Decimal("84.0"), Decimal("8.4e1")])
def test_whole_seconds_are_taken(value):
    assert seconds(value) == 84


@pytest.mark.parametrize("value", [-1, Decimal("84.5"), "84", True, None, 10**10, Decimal("1e999"), Decimal("NaN")])
def test_anything_that_is_not_a_duration_is_refused_not_rounded(value):
    with pytest.raises(ValueError, match="a "):
        seconds(value)


@pytest.mark.parametrize("value", [500, "500.00", Decimal(500), Decimal("5e2")])
def test_minutes_are_read_exactly(value):
    assert decimal(value) == 500


@pytest.mark.parametrize("value", ["", "x", "NaN", "Infinity", True, None, Decimal("1e999999")])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match="a number"):
        decimal(value)


@pytest.mark.parametrize(
    "value",
    ["2026-11-03T09:14:31.220Z", "2026-11-03T09:14:31.220", "2026-11-03T10:14:31.220+01:00"],
)
def test_times_are_aware_and_in_utc(value):
    read = moment(value)
    assert read == datetime(2026, 11, 3, 9, 14, 31, 220000, tzinfo=UTC)
    assert read.tzinfo is UTC


@pytest.mark.parametrize("value", ["", "yesterday", 5, "0001-01-01T00:00:00+05:00"])
def test_what_is_no_time_is_refused(value):
    with pytest.raises(ValueError, match="a time"):
        moment(value)


def test_one_is_not_true_and_a_text_is_not_a_number():
    with pytest.raises(ValueError, match="true or false"):
        flag(1)
    with pytest.raises(ValueError, match="a whole number"):
        whole("3")
