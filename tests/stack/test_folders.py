"""Sockets get a short folder that nobody else can enter, wherever the checkout lies."""

import os
import stat
from pathlib import Path

import pytest

from stack import folders, terminal


@pytest.fixture(autouse=True)
def remove_after(monkeypatch, tmp_path):
    made = []
    original = folders.private
    monkeypatch.setattr(folders, "private", lambda path: made.append(path) or original(path))
    yield
    for path in made:
        if path.is_dir() and not path.is_symlink():
            path.rmdir()


@pytest.mark.parametrize("owner", ["/srv/" + "very-long-name/" * 20, "/srv/with spaces/and ünïcode"])
def test_the_socket_path_is_short_whatever_the_checkout_path(owner):
    found = folders.for_sockets(Path(owner))
    assert len(os.fsencode(found / ".s.PGSQL.5432")) <= folders.LONGEST_SOCKET_PATH
    assert " " not in str(found)


def test_a_temporary_folder_that_is_too_long_or_has_spaces_is_passed_over(monkeypatch, tmp_path):
    awkward = tmp_path / ("x" * 80) / "a b"
    awkward.mkdir(parents=True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(awkward))
    assert not folders.for_sockets(tmp_path).is_relative_to(awkward)


def test_the_session_folder_comes_first(monkeypatch):
    import tempfile

    with tempfile.TemporaryDirectory(dir="/tmp", prefix="s-") as session:
        monkeypatch.setenv("XDG_RUNTIME_DIR", session)
        found = folders.for_sockets(Path("/srv/checkout"))
        assert found.parent == Path(session)
        found.rmdir()
        found.mkdir(mode=0o700)  # the fixture removes it, the session folder goes with it
        found.rmdir()


def test_the_folder_is_closed_to_others_and_the_same_each_time(tmp_path):
    first = folders.for_sockets(tmp_path)
    assert stat.S_IMODE(first.stat().st_mode) == 0o700
    assert folders.for_sockets(tmp_path) == first != folders.for_sockets(tmp_path / "other")


def test_a_folder_that_others_can_enter_is_refused(tmp_path):
    open_folder = tmp_path / "open"
    open_folder.mkdir(mode=0o755)
    with pytest.raises(terminal.Trouble, match="mode 0700"):
        folders.private(open_folder)
    open_folder.chmod(0o700)


def test_a_link_laid_by_someone_else_is_refused(tmp_path):
    (tmp_path / "target").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(terminal.Trouble, match="mode 0700"):
        folders.private(tmp_path / "link")
