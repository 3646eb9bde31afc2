"""The embedded PostgreSQL: starts anywhere, survives being abandoned, leaves nothing behind."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from stack import leftovers, postgres, terminal

ROOT = Path(__file__).resolve().parents[2]
ABANDON = """
import os, sys
from pathlib import Path
from stack import postgres
server = postgres.Server(Path(sys.argv[1]), settings=postgres.THROW_AWAY)
server.start()
server.create_database("portal")
server.psql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)", dbname="portal")
os.kill(os.getpid(), 9)
"""


def running(server: postgres.Server) -> list[int]:
    return leftovers.working_in(server.data_dir, program="postgres")


@pytest.fixture
def server(tmp_path):
    found = postgres.Server(tmp_path / "a folder" / "postgres", settings=postgres.THROW_AWAY)
    yield found
    found.stop()


def test_it_answers_over_its_socket_and_over_nothing_else(server):
    server.start()
    server.create_database("portal")
    assert server.psql("SHOW listen_addresses", dbname="portal") == ""
    assert server.psql("SELECT setting::int >= 1024 FROM pg_settings WHERE name = 'max_locks_per_transaction'") == "t"


def test_it_is_version_18_with_a_fixed_collation(server):
    server.start()
    assert server.psql("SHOW server_version").startswith("18.")
    assert server.psql("SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'postgres'") == "b|C.UTF-8"


def test_settings_of_the_caller_are_added(tmp_path):
    assert postgres.SETTINGS.keys().isdisjoint(postgres.THROW_AWAY), "or `up` would run without fsync"


def test_stopping_leaves_no_process_and_no_socket_and_keeps_the_data(server):
    server.start()
    server.create_database("portal")
    server.psql("CREATE TABLE kept (n int)", dbname="portal")
    server.stop()
    assert running(server) == []
    assert not server.socket_dir.exists()
    server.start()
    assert server.psql("SELECT count(*) FROM kept", dbname="portal") == "0"


def test_a_server_whose_owner_was_killed_is_taken_over(server):
    done = subprocess.run([sys.executable, "-c", ABANDON, str(server.data_dir)], cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    assert running(server)
    server.start()
    assert server.psql("SELECT n FROM kept", dbname="portal") == "7"


def test_a_server_that_was_killed_itself_keeps_what_was_committed(tmp_path):
    server = postgres.Server(tmp_path / "postgres")
    server.start()
    server.psql("CREATE TABLE kept (n int)")
    for pid in running(server):
        os.kill(pid, signal.SIGKILL)
    server.start()
    assert server.psql("SELECT count(*) FROM kept") == "0"
    server.stop()


def test_a_stale_pid_file_that_names_a_stranger_does_not_block(server):
    server.start()
    server.stop()
    (server.data_dir / "postmaster.pid").write_text(f"{os.getppid()}\n{server.data_dir}\n")
    server.start()
    assert server.psql("SELECT 1") == "1"


def test_a_data_folder_that_was_left_half_made_is_made_again(server):
    for name in ("postgres", "postgres.new"):
        folder = server.data_dir.with_name(name)
        folder.mkdir(parents=True)
        (folder / "half").touch()
    server.start()
    assert not (server.data_dir / "half").exists()


def test_only_its_owner_can_reach_it_and_the_folder_above_keeps_its_mode(server, tmp_path):
    tmp_path.chmod(0o700)
    server.start()
    assert stat.S_IMODE(server.socket_dir.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become someone else")
def test_root_without_user_namespaces_runs_it_as_a_plain_user(server, monkeypatch, tmp_path):
    monkeypatch.setattr(postgres, "_namespace_allowed", lambda: False)
    tmp_path.chmod(0o700)
    server.start()
    assert Path(f"/proc/{running(server)[0]}").stat().st_uid != 0
    assert server.psql("SELECT 1") == "1"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become someone else")
def test_root_in_a_namespace_keeps_no_capability(server):
    server.start()
    status = Path(f"/proc/{running(server)[0]}/status").read_text()
    assert "CapEff:\t0000000000000000" in status
    assert server.data_dir.stat().st_uid == 0


def test_a_refused_statement_brings_the_servers_own_words(server):
    server.start()
    with pytest.raises(terminal.Trouble) as caught:
        server.psql("SELECT nonsense")
    assert 'column "nonsense" does not exist' in caught.value.detail


def test_a_server_that_cannot_start_shows_the_end_of_its_log(tmp_path):
    server = postgres.Server(tmp_path / "postgres", settings={"no_such_setting": "1"})
    with pytest.raises(terminal.Trouble, match="did not start") as caught:
        server.start()
    server.stop()
    assert "no_such_setting" in caught.value.detail


def test_the_address_quotes_what_needs_quoting(server):
    assert server.url("a/b").startswith("postgresql://postgres@/a%2Fb?host=/")
