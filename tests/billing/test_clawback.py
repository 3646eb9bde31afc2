from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import clawback
from billing.clawback import Part

START = datetime(2026, 11, 1, tzinfo=UTC)
SECONDS, PAID = st.integers(1, 10**9), st.integers(1, 10**7)


def parts(*minors: int) -> list[Part]:
    return [Part(f"re_{number}", minor, START + timedelta(days=number)) for number, minor in enumerate(minors)]


def taken(seconds: int, paid_minor: int, *minors: int) -> list[int]:
    return list(clawback.shares(seconds=seconds, paid_minor=paid_minor, parts=parts(*minors)).values())


def test_three_thirds_take_everything_and_no_more() -> None:
    assert taken(6000, 4000, 1333, 1333, 1334) == [1999, 2000, 2001]
    assert sum(taken(100, 3, 1, 1, 1)) == 100


def test_money_that_is_back_already_takes_nothing_twice() -> None:
    assert taken(6000, 4000, 1000, 4000) == [1500, 4500]


def test_within_one_second_a_refund_comes_before_a_dispute() -> None:
    both = [Part("du_1", 4000, START, is_dispute=True), Part("re_1", 1000, START)]
    assert clawback.shares(seconds=6000, paid_minor=4000, parts=both) == {"re_1": 1500, "du_1": 4500}


def test_what_was_paid_in_nothing_takes_nothing() -> None:
    assert clawback.credits_to_remove(seconds=6000, paid_minor=0, returned_minor=10) == 0


@given(SECONDS, PAID, st.data())
def test_any_split_of_the_whole_price_takes_every_second(seconds: int, paid_minor: int, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, paid_minor), max_size=8)))
    minors = [after - before for before, after in zip([0, *cuts], [*cuts, paid_minor], strict=True)]
    assert sum(taken(seconds, paid_minor, *minors)) == seconds


@given(SECONDS, PAID, st.lists(st.integers(0, 10**7), max_size=8), st.randoms())
def test_shares_are_whole_bounded_and_blind_to_the_order_of_news(
    seconds: int, paid_minor: int, minors: list[int], random: object
) -> None:
    in_order = parts(*minors)
    shuffled = list(in_order)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    shares = clawback.shares(seconds=seconds, paid_minor=paid_minor, parts=shuffled)
    assert shares == clawback.shares(seconds=seconds, paid_minor=paid_minor, parts=in_order)
    assert all(share >= 0 for share in shares.values())
    whole = clawback.credits_to_remove(seconds=seconds, paid_minor=paid_minor, returned_minor=sum(minors))
    assert sum(shares.values()) == whole <= seconds


@pytest.mark.parametrize(("returned", "removed"), [(-1, 0), (0, 0), (1, 1), (3999, 5998), (4000, 6000), (9000, 6000)])
def test_credits_are_removed_as_money_goes(returned: int, removed: int) -> None:
    assert clawback.credits_to_remove(seconds=6000, paid_minor=4000, returned_minor=returned) == removed
