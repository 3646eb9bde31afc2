"""A month has two ends where the portal is, also where a clock is changed in it."""

from datetime import UTC, datetime

import pytest

from billing import months
from billing.months import Month


def test_a_month_starts_at_midnight_where_the_portal_is() -> None:
    assert Month(2026, 7).starts_at == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert Month(2026, 11).starts_at == datetime(2026, 10, 31, 23, tzinfo=UTC)


def test_a_moment_belongs_to_the_month_of_the_portals_clock() -> None:
    assert months.of(datetime(2026, 6, 30, 22, tzinfo=UTC)) == Month(2026, 7)
    assert months.of(datetime(2026, 6, 30, 21, 59, tzinfo=UTC)) == Month(2026, 6)


def test_months_follow_one_another_over_the_year() -> None:
    assert (Month(2026, 12).next, Month(2027, 1).previous) == (Month(2027, 1), Month(2026, 12))
    assert [str(month) for month in months.between(Month(2026, 11), Month(2027, 1))] == [
        "2027-01",
        "2026-12",
        "2026-11",
    ]
    assert months.between(Month(2027, 1), Month(2026, 12)) == []


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "2026-1", "0000-01", "9999-12", "２０２６-01", "2026-01\n"]
)
def test_what_names_no_month_is_refused(text: str) -> None:
    with pytest.raises(months.NotAMonth):
        months.read(text)


def test_a_month_is_read_as_it_is_written() -> None:
    assert months.read(str(Month(2026, 3))) == Month(2026, 3)
