import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls import rating

SECONDS = st.integers(0, 10**12)


@pytest.mark.parametrize(
    ("measured", "rounding", "billed"),
    [(61, 1, 61), (61, 6, 66), (61, 30, 90), (61, 60, 120), (60, 60, 60), (1, 60, 60), (0, 60, 0), (0, 1, 0)],
)
def test_time_is_rounded_up_to_a_whole_step(measured: int, rounding: int, billed: int) -> None:
    assert rating.billed_seconds(measured, rounding=rounding) == billed


@given(SECONDS, st.sampled_from(rating.ROUNDINGS))
def test_rounding_adds_less_than_a_step_and_never_takes(measured: int, rounding: int) -> None:
    billed = rating.billed_seconds(measured, rounding=rounding)
    assert billed % rounding == 0
    assert measured <= billed < measured + rounding


def test_negative_time_and_unknown_steps_are_refused() -> None:
    for measured, rounding in [(-1, 1), (1, 0), (1, 7)]:
        with pytest.raises(ValueError):
            rating.billed_seconds(measured, rounding=rounding)


def test_cost_is_rounded_up_once() -> None:
    assert rating.cost_micro(84, cost_micro_per_minute=70_000) == 98_000
    assert rating.cost_micro(1, cost_micro_per_minute=70_000) == 1_167


@pytest.mark.parametrize("status", ["failed", "rejected", "insufficient-credits", "Insufficient_Credits"])
def test_a_call_that_never_was_one_is_free(status: str) -> None:
    assert rating.is_free(status)
    assert rating.is_over(status, has_ended=False)


@pytest.mark.parametrize("status", ["dialing", "ringing", "connecting", "in-progress", "in_progress"])
def test_a_live_call_is_not_over_whatever_time_stands_beside_it(status: str) -> None:
    assert not rating.is_over(status, has_ended=True)


@pytest.mark.parametrize("has_ended", [True, False])
def test_an_unknown_word_is_believed_only_beside_a_time_of_ending(has_ended: bool) -> None:
    assert rating.is_over("voicemail-left", has_ended=has_ended) is has_ended
