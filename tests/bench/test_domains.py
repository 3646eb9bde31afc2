"""Questions are asked when they are due, all of them, and a wrong answer ends the measuring."""

import pytest

from bench import domains
from stack import terminal
from tests.edge.recorder import Recorder


def test_every_question_is_asked_once_and_its_time_counts_from_when_it_was_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domains, "ASKED_A_SECOND", 500)
    names = [f"{number}.test" for number in range(50)]
    with Recorder() as recorder:
        took = domains._asked(recorder.port, names)
        assert sorted(path for path, _head in recorder.requests) == sorted(
            f"/internal/tls-allowed?domain={name}" for name in names
        )
    assert len(took) == 50
    assert min(took) > 0


def test_a_late_question_counts_from_when_it_was_due(monkeypatch: pytest.MonkeyPatch) -> None:
    # Due all at once, and there is one connection for them: each waits for those before it.
    monkeypatch.setattr(domains, "ASKED_A_SECOND", 10**9)
    monkeypatch.setattr(domains, "CONNECTIONS", 1)
    with Recorder() as recorder:
        took = domains._asked(recorder.port, [f"{number}.test" for number in range(20)])
    assert took == sorted(set(took))


def test_a_wrong_answer_ends_the_measuring() -> None:
    with Recorder() as recorder, pytest.raises(terminal.Trouble, match=r"unknown1\.test was answered with 200"):
        domains._asked(recorder.port, ["unknown1.test"])
