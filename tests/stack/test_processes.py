"""The supervisor: nothing it started outlives it, whatever happens, and it says plainly what went wrong."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from stack import leftovers, processes, terminal
from stack.services import Answers, Says, Service

ROOT = Path(__file__).resolve().parents[2]
SHELL_WITH_CHILD = "sleep 300 & echo $! > {pids}; echo started; wait"

SUPERVISED = """
import sys, time
from pathlib import Path
from stack import processes, terminal
from stack.services import Says, Service
var = Path(sys.argv[1])
supervisor = processes.Supervisor(var=var, environment={}, cwd=var)
with supervisor.signals():
    try:
        with supervisor, terminal.step("starting") as step:
            supervisor.start([Service("stand-in", ("sh", "-c", sys.argv[2]), Says("started"))], seconds=10, step=step)
            print("up", flush=True)
            while True:
                supervisor.revive()
                time.sleep(0.05)
    except processes.Stopped:
        print("stopped", flush=True)
"""


def until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def one(name: str, script: str, ready=None) -> Service:
    return Service(name, ("sh", "-c", script), ready)


@pytest.fixture
def start(tmp_path):
    """Starts a supervisor in a process of its own over one shell script, and returns when that is ready."""
    with contextlib.ExitStack() as stack:

        def run(script: str) -> subprocess.Popen:
            command = [sys.executable, "-c", SUPERVISED, str(tmp_path), script]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
            stack.callback(leftovers.end, [process.pid])
            stack.enter_context(process.stdout)
            while "up" not in (line := process.stdout.readline()):
                assert line, "the supervisor ended early"
            return process

        yield run


@pytest.fixture
def supervisor(tmp_path):
    found = processes.Supervisor(var=tmp_path, environment={"GREETING": "hello"}, cwd=tmp_path)
    with found:
        yield found


@pytest.fixture
def step(capsys):
    return terminal.Step("trying")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_children_and_grandchildren(start, tmp_path, number):
    process = start(SHELL_WITH_CHILD.format(pids=tmp_path / "pids"))
    grandchild = int((tmp_path / "pids").read_text())
    process.send_signal(number)
    assert process.wait(timeout=10) == 0
    assert not leftovers.is_alive(grandchild)


def test_a_grandchild_in_a_session_of_its_own_is_ended_as_well(start, tmp_path):
    process = start(f"setsid sh -c 'echo $$ > {tmp_path}/pids; sleep 300' & echo started; wait")
    until((tmp_path / "pids").exists)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 0
    assert not leftovers.is_alive(int((tmp_path / "pids").read_text()))


def test_a_child_that_ignores_the_signal_is_killed_when_its_time_is_up(start, tmp_path):
    process = start("trap '' TERM; echo started; while true; do sleep 0.1; done")
    asked_at = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=15) == 0
    assert time.monotonic() - asked_at >= processes.PATIENCE_SECONDS
    assert leftovers.marked(tmp_path) == []


def test_a_second_signal_kills_at_once(start, tmp_path):
    process = start("trap '' TERM; echo started; while true; do sleep 0.1; done")
    process.send_signal(signal.SIGINT)
    asked_at = time.monotonic()
    while process.poll() is None and time.monotonic() - asked_at < 3:
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
    assert process.wait(timeout=1) == 0
    assert leftovers.marked(tmp_path) == []


def test_what_outlives_a_killed_supervisor_is_found_and_ended(start, tmp_path):
    process = start(SHELL_WITH_CHILD.format(pids=tmp_path / "pids"))
    process.kill()
    process.wait()
    assert leftovers.end(leftovers.marked(tmp_path)) >= 2
    assert not leftovers.is_alive(int((tmp_path / "pids").read_text()))


def test_processes_of_another_checkout_are_left_alone(tmp_path):
    with subprocess.Popen(["sleep", "30"], env={**os.environ, leftovers.MARKER: str(tmp_path / "other")}) as other:
        assert leftovers.marked(tmp_path) == []
        other.kill()


def test_a_crashed_child_is_started_again_with_a_line(supervisor, step, tmp_path, capsys):
    counting = f"echo x >> {tmp_path}/runs; echo started; test $(wc -l < {tmp_path}/runs) -gt 1 && sleep 300; sleep 0.2"
    supervisor.start([one("crasher", counting, Says("started"))], seconds=10, step=step)
    until(lambda: supervisor.revive() or (tmp_path / "runs").read_text().count("x") == 2)
    assert "crasher ended (exit status 0); starting it again" in capsys.readouterr().out


def test_a_child_that_keeps_crashing_is_given_up_with_its_last_words(supervisor, step, monkeypatch):
    monkeypatch.setattr(processes, "RESTARTS", 1)
    supervisor.start(
        [one("crasher", "echo started; echo no such table; sleep 0.2", Says("started"))], seconds=10, step=step
    )
    with pytest.raises(terminal.Trouble, match="crasher ended 2 times") as caught:
        until(lambda: supervisor.revive())
    assert "no such table" in caught.value.detail


def test_a_child_that_ends_while_starting_is_named(supervisor, step):
    with pytest.raises(terminal.Trouble, match=r"web ended while starting \(exit status 3\)") as caught:
        supervisor.start([one("web", "echo bad setting; exit 3", Says("never"))], seconds=10, step=step)
    assert "bad setting" in caught.value.detail


def test_a_child_that_never_answers_is_named(supervisor, step):
    with pytest.raises(terminal.Trouble, match="web did not answer within 0 seconds"):
        supervisor.start([one("web", "sleep 300", Answers(1, "/", "localhost"))], seconds=0.3, step=step)


def test_a_command_returns_its_output_and_sees_the_environment(supervisor, step, tmp_path):
    assert supervisor.run(one("demo", 'echo "$GREETING there"'), step=step) == ["hello there"]
    assert (tmp_path / "log" / "demo.log").read_text() == "hello there\n"


def test_a_command_that_fails_says_which(supervisor, step):
    with pytest.raises(terminal.Trouble, match="migrate failed"):
        supervisor.run(one("migrate", "exit 1"), step=step)


def test_only_important_lines_reach_the_terminal(supervisor, step, capsys):
    supervisor.run(
        one("worker", "echo INFO all is well; echo 'ERROR it broke'; echo 'django.db.OperationalError: gone'"),
        step=step,
    )
    shown = capsys.readouterr().out
    assert "worker | ERROR it broke" in shown
    assert "OperationalError: gone" in shown
    assert "all is well" not in shown


def test_ready_means_a_200_for_the_right_host(supervisor, step):
    class Picky(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.headers["Host"].startswith("portal.localhost") else 404)
            self.end_headers()

        def log_message(self, *args):
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Picky) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        supervisor.start(
            [one("web", "sleep 300", Answers(server.server_port, "/healthz", "portal.localhost"))], seconds=5, step=step
        )
        with pytest.raises(terminal.Trouble):
            supervisor.start([one("b", "sleep 300", Answers(server.server_port, "/", "x"))], seconds=0.3, step=step)
        server.shutdown()
