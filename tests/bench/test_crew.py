"""A crew works side by side, counts all it did, and a failure of one ends the measuring with its words."""

import sys
from pathlib import Path

import pytest

from bench.crew import WARM_SECONDS, Crew
from stack import terminal

WORKER = """
import contextlib, time
from bench import worker

@contextlib.contextmanager
def step(order):
    left = iter(range(order.get("steps", 10**9)))
    def work():
        if order.get("fails_in") == order["number"]:
            raise ValueError("the work went wrong")
        if next(left, None) is None:
            raise worker.NoMoreWork
        if "fails_in" not in order:
            print("noise that is no answer")
        time.sleep(0.01)
        return 3
    yield work

worker.serve({"step": step})
"""


@pytest.fixture
def crew(tmp_path: Path) -> Crew:
    (tmp_path / "log").touch()
    return Crew([sys.executable, "-c", WORKER], size=3, environment={}, log=tmp_path / "log")


def test_the_rate_is_that_of_all_together_and_the_count_includes_warming_up(crew: Crew) -> None:
    with crew:
        ran = crew.run("step", 0.3)
        alone = crew.run("step", 0.3, size=1)
    # Ten milliseconds a step, three a step: at most 300 a second each. A busy machine makes it less.
    assert 0 < alone.rate <= 300
    assert alone.rate < ran.rate <= 900
    assert ran.in_all > ran.rate * 0.3
    assert ran.in_all <= 900 * (0.3 + WARM_SECONDS) + 9


def test_work_that_is_used_up_counts_for_the_time_it_took(crew: Crew) -> None:
    with crew:
        ran = crew.run("step", 30.0, steps=60)
    assert ran.in_all == 3 * 60 * 3
    assert 0 < ran.rate <= 900


def test_a_failure_of_one_ends_the_measuring_with_its_last_words(crew: Crew) -> None:
    with crew, pytest.raises(terminal.Trouble) as trouble:
        crew.run("step", 0.1, fails_in=1)
    assert "the work went wrong" in trouble.value.detail
