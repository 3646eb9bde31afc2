"""A figure keeps its bound or says that it does not, on the screen, in results.json and by the exit status."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench import __main__ as command
from bench import figures
from bench.figures import Figure, OneBoundNeeded


def lower(value: float) -> Figure:
    return Figure("money", "posting", value, "x", at_least=0.5)


def upper(value: float) -> Figure:
    return Figure("money", "waiting", value, "s", at_most=1.0)


@pytest.mark.parametrize(
    ("figure", "holds"),
    [
        (lower(0.5), True),
        (lower(0.499), False),
        (upper(1.0), True),
        (upper(1.001), False),
        (lower(float("nan")), False),
        (upper(float("nan")), False),
    ],
)
def test_a_bound_holds_up_to_the_bound_itself(figure: Figure, holds: bool) -> None:
    assert figure.holds is holds


@pytest.mark.parametrize("bounds", [{}, {"at_least": 1.0, "at_most": 2.0}])
def test_a_figure_has_exactly_one_bound(bounds: dict[str, float]) -> None:
    with pytest.raises(OneBoundNeeded):
        Figure("money", "posting", 1.0, "x", **bounds)


def test_the_results_hold_the_value_the_unit_and_the_one_bound(tmp_path: Path) -> None:
    figures.write([lower(0.61234567), upper(2)], tmp_path / "results.json")
    assert json.loads((tmp_path / "results.json").read_text()) == [
        {"group": "money", "name": "posting", "value": 0.6123, "unit": "x", "at_least": 0.5, "holds": True},
        {"group": "money", "name": "waiting", "value": 2, "unit": "s", "at_most": 1.0, "holds": False},
    ]


def test_a_value_that_is_rounded_up_to_its_bound_still_does_not_hold() -> None:
    told = lower(0.499999).as_json()
    assert (told["value"], told["holds"]) == (0.5, False)


def test_the_table_names_what_does_not_hold() -> None:
    kept, broken = figures.table([lower(0.7), upper(2.0)]).splitlines()
    assert "at least 0.5 x" in kept
    assert kept.endswith("holds")
    assert "at most 1 s" in broken
    assert broken.endswith("DOES NOT HOLD")


@pytest.mark.parametrize(("value", "status"), [(0.7, 0), (0.3, 1)])
def test_the_exit_status_says_whether_everything_holds(
    value: float, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ground:
        def __enter__(self) -> str:
            return "ground"

        def __exit__(self, *exc: Any) -> None: ...

    monkeypatch.setattr(command.ground, "prepared", lambda knobs: Ground())
    monkeypatch.setattr(command.groups, "measure", lambda name, ground: [lower(value)])
    monkeypatch.setattr(command.figures, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(figures.write, "__defaults__", (tmp_path / "results.json",))
    assert command.main() == status
    assert json.loads((tmp_path / "results.json").read_text())[0]["holds"] is (status == 0)
