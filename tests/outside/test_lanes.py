from contextlib import ExitStack

import pytest

from outside.lanes import Lanes, NoLane


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lanes(clock: Clock) -> Lanes:
    return Lanes(per_agency=2, at_most=3, failures=2, pause_seconds=30, clock=clock)


def ask(lanes: Lanes, *, answered: bool, endpoint: str = "e", agency: int = 1) -> None:
    with lanes.enter(agency, endpoint) as used:
        used.has_answered = answered


def test_an_agency_has_so_many_lanes_and_gets_them_back(lanes: Lanes) -> None:
    with lanes.enter(1, "a"), lanes.enter(1, "b"):
        with pytest.raises(NoLane), lanes.enter(1, "c"):
            pass
        ask(lanes, answered=True, agency=2)
    ask(lanes, answered=True)


def test_not_all_threads_wait_whoever_asks(lanes: Lanes) -> None:
    with ExitStack() as waiting:
        for agency in (1, 2, 3):
            waiting.enter_context(lanes.enter(agency, agency))
        with pytest.raises(NoLane), lanes.enter(4, "d"):
            pass
    ask(lanes, answered=True, agency=4)


def test_an_endpoint_that_fails_is_left_alone_and_others_are_not(lanes: Lanes) -> None:
    ask(lanes, answered=False)
    ask(lanes, answered=False)
    with pytest.raises(NoLane):
        ask(lanes, answered=True)
    ask(lanes, answered=True, endpoint="other")


def test_failures_count_only_in_a_row(lanes: Lanes) -> None:
    for _round in range(3):
        ask(lanes, answered=False)
        ask(lanes, answered=True)


def test_after_the_pause_one_request_tries(lanes: Lanes, clock: Clock) -> None:
    ask(lanes, answered=False)
    ask(lanes, answered=False)
    clock.now += 31
    with lanes.enter(1, "e") as trying:
        with pytest.raises(NoLane):
            ask(lanes, answered=True)
        trying.has_answered = True
    ask(lanes, answered=True)
    ask(lanes, answered=True)


def test_a_trial_that_fails_begins_the_pause_again(lanes: Lanes, clock: Clock) -> None:
    ask(lanes, answered=False)
    ask(lanes, answered=False)
    clock.now += 31
    ask(lanes, answered=False)
    clock.now += 29
    with pytest.raises(NoLane):
        ask(lanes, answered=True)


def test_an_error_while_asking_counts_as_a_failure_and_gives_the_lane_back(lanes: Lanes) -> None:
    for _round in range(2):
        with pytest.raises(RuntimeError), lanes.enter(1, "e"):
            raise RuntimeError
    with pytest.raises(NoLane, match="failed"):
        ask(lanes, answered=True)
