"""One stack per checkout, and a dead one never blocks the next."""

import subprocess
import sys
from pathlib import Path

import pytest

from stack import lock, terminal

ROOT = Path(__file__).resolve().parents[2]
HOLDER = """
import sys, time
from pathlib import Path
from stack import lock
with lock.held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run" / "up.lock"


@pytest.fixture
def holder(path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_stack_is_refused_and_told_who_runs(path, holder):
    with pytest.raises(terminal.Trouble, match=f"running already, as process {holder.pid}"), lock.held(path):
        pytest.fail("two stacks")


def test_a_killed_owner_frees_it_and_is_named_to_the_next(path, holder):
    holder.kill()
    holder.wait()
    with lock.held(path) as before:
        assert before == holder.pid


def test_a_clean_end_leaves_no_name_behind(path):
    with lock.held(path):
        assert not lock.is_free(path)
    with lock.held(path) as before:
        assert before == 0


def test_a_stale_file_naming_a_living_stranger_does_not_block(path):
    path.parent.mkdir()
    path.write_text("1")
    with lock.held(path) as before:
        assert before == 1


def test_a_file_with_rubbish_does_not_block(path):
    path.parent.mkdir()
    path.write_text("rubbish\n")
    with lock.held(path) as before:
        assert before == 0


def test_ending_the_owner_waits_until_it_has_ended(path, holder):
    assert lock.end_owner(path, seconds=5)
    assert holder.wait(timeout=1) != 0


def test_ending_nobody_says_so(path):
    assert not lock.end_owner(path)
