"""Arms take turns after all have been warmed up, and the median of each is what counts."""

import pytest

from bench import knobs, rounds
from bench.groups import GROUPS
from bench.rounds import Plan
from stack import terminal

PLAN = Plan(rounds=5, seconds=3.0, warm_seconds=1.0)


def test_arms_are_warmed_up_first_and_then_take_turns() -> None:
    asked: list[tuple[str, float]] = []

    def arm(name: str) -> rounds.Arm:
        return lambda seconds: float(asked.append((name, seconds)) is None)

    rounds.take_turns({name: arm(name) for name in "ABC"}, PLAN, unit="a second")
    assert asked == [*((name, 1.0) for name in "ABC"), *((name, 3.0) for _ in range(5) for name in "ABC")]


def test_the_median_forgets_warming_up_and_one_bad_round() -> None:
    values = iter([9_999.0, 10.0, 30.0, 0.0, 20.0, 1_000.0])
    assert rounds.take_turns({"A": lambda seconds: next(values)}, PLAN, unit="a second") == {"A": 20.0}


def test_every_value_is_shown_as_it_comes(capsys: pytest.CaptureFixture[str]) -> None:
    def arm(seconds: float) -> float:
        shown.append(capsys.readouterr().out.count("round"))
        return 1_234.0

    shown: list[int] = []
    rounds.take_turns({"A": arm}, PLAN, unit="a second")
    assert shown == [0, 0, 1, 1, 1, 1]


def test_by_default_every_group_is_measured_in_five_rounds() -> None:
    read = knobs.read({}, known=GROUPS)
    assert read.groups == tuple(GROUPS)
    assert read.plan.rounds == 5
    assert read.sized(quick=1, normal=2, full=3) == 2


def test_a_run_can_be_narrowed_made_longer_or_tried_out() -> None:
    assert knobs.read({"ONLY": "money"}, known=["money", "hms"]).groups == ("money",)
    assert knobs.read({"ONLY": "hms,money"}, known=["money", "hms"]).groups == ("hms", "money")
    assert knobs.read({"SCALE": "full"}, known=["money"]).sized(quick=1, normal=2, full=3) == 3
    quick = knobs.read({"QUICK": "1"}, known=["money"])
    assert quick.sized(quick=1, normal=2, full=3) == 1
    assert quick.plan.rounds < PLAN.rounds


@pytest.mark.parametrize(
    "asked", [{"ONLY": "mony"}, {"SCALE": "huge"}, {"QUICK": "yes"}, {"SCALE": "full", "QUICK": "1"}]
)
def test_what_does_not_exist_is_refused_with_a_sentence(asked: dict[str, str]) -> None:
    with pytest.raises(terminal.Trouble):
        knobs.read(asked, known=["money"])
