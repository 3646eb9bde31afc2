"""`python -m stack test` and `reset`: what they start is gone afterwards, what they remove is all of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack import __main__ as commands
from stack import folders, leftovers, lock, servers, terminal

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def var(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "VAR", tmp_path / "var")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    return tmp_path / "var"


def test_a_command_gets_servers_of_its_own_that_are_gone_afterwards(var, capfd):
    with servers.throw_away(var, given={}) as found:
        assert "host=" in found["DATABASE_URL"]
        assert leftovers.working_in(var / "test" / "postgres", program="postgres")
        with pytest.raises(terminal.Trouble, match="running already"), servers.throw_away(var, given={}):
            pytest.fail("two at once")
    assert leftovers.working_in(var / "test" / "postgres", program="postgres") == []
    assert not (var / "test").exists()


def test_given_servers_are_used_and_none_is_started(var):
    given = {"DATABASE_URL": "postgresql://db.example.com/portal", "REDIS_URL": "redis://redis.example.com/0"}
    with servers.running(var, given=given, logs=var / "log") as found:
        assert found.own == ()
        assert found.database_url == given["DATABASE_URL"]
    assert not (var / "postgres").exists()


def test_the_exit_status_of_the_command_is_ours():
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
    command = [sys.executable, "-m", "stack", "as-production", "--", sys.executable, "-c", "raise SystemExit(3)"]
    assert subprocess.run(command, cwd=ROOT, env=environment).returncode == 3


def test_reset_removes_data_and_secrets(var, capsys):
    (var / "postgres").mkdir(parents=True)
    (var / "secrets.env").write_text("SECRET_KEY=x\n")
    assert commands.reset([]) == 0
    assert not var.exists()


def test_reset_and_down_on_a_fresh_checkout_do_nothing_and_say_so(var, capsys):
    assert commands.down([]) == commands.reset([]) == 0
    assert "Nothing was running." in capsys.readouterr().out


def test_down_ends_what_a_killed_supervisor_left(var, capsys):
    marked = {**os.environ, leftovers.MARKER: str(var)}
    with subprocess.Popen(["sleep", "60"], env=marked) as stray:
        commands.down([])
        assert stray.wait(timeout=1) != 0
    assert "Stopped." in capsys.readouterr().out


def test_psql_and_env_say_when_nothing_runs(var):
    for command in (commands.env, commands.psql):
        with pytest.raises(terminal.Trouble, match="start it with make up"):
            command([])


def test_a_stale_lock_is_reported_by_the_number_of_its_owner(var):
    path = lock.of_product(var)
    path.parent.mkdir(parents=True)
    path.write_text("4242")
    with lock.held(path) as before:
        assert before == 4242
