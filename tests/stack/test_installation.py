""".venv is what the lock says, or is made anew; each way to fail gets a sentence."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack import installation, lock, node, terminal

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout whose packages are installed by noting it; `installed` lists what was."""
    (tmp_path / "requirements").mkdir()
    for level in installation.LEVELS:
        (tmp_path / "requirements" / f"{level}.txt").write_text(f"{level}==1\n")
    installed = []

    def make(root):
        (root / ".venv" / "bin").mkdir(parents=True)
        (root / ".venv" / "bin" / "python").symlink_to(sys.executable)
        installed.append("new .venv")

    monkeypatch.setattr(installation, "_make_environment", make)
    monkeypatch.setattr(installation, "install_lock", lambda *, name, **rest: installed.append(name))
    monkeypatch.setattr(node, "install_packages", lambda **rest: None)
    return tmp_path, installed


def test_a_second_time_nothing_is_installed(checkout):
    root, installed = checkout
    for _ in range(2):
        installation.prepare(root=root, level="local")
    assert installed == ["new .venv", "local.txt"]


def test_the_development_level_is_added_to_what_is_there_and_covers_the_other(checkout):
    root, installed = checkout
    for level in ("local", "dev", "local", "dev"):
        installation.prepare(root=root, level=level)
    assert installed == ["new .venv", "local.txt", "dev.txt"]


@pytest.mark.parametrize("content", [None, "", "{", json.dumps({"level": "local"})])
def test_without_a_whole_stamp_it_is_made_anew(checkout, content, monkeypatch):
    root, installed = checkout
    installation.prepare(root=root, level="local")
    (root / ".venv" / "installed.json").unlink() if content is None else _write(root, content)
    monkeypatch.setattr(installation, "_make_environment", lambda root: installed.append("again"))
    installation.prepare(root=root, level="local")
    assert installed[2:] == ["again", "local.txt"]


def _write(root, content):
    (root / ".venv" / "installed.json").write_text(content)


def test_a_changed_lock_counts(checkout, monkeypatch):
    root, installed = checkout
    installation.prepare(root=root, level="local")
    (root / "requirements" / "local.txt").write_text("local==2\n")
    monkeypatch.setattr(installation, "_make_environment", lambda root: installed.append("again"))
    installation.prepare(root=root, level="local")
    assert installed[2:] == ["again", "local.txt"]


def test_the_environment_of_a_running_portal_is_not_pulled_away(tmp_path):
    (tmp_path / ".venv").mkdir()
    with lock.held(lock.of_product(tmp_path / "var")), pytest.raises(terminal.Trouble, match="make down first"):
        installation._make_environment(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs the right to give a folder away")
def test_folders_of_another_user_are_refused_with_a_way_out(tmp_path):
    (tmp_path / "var").mkdir()
    os.chown(tmp_path / "var", 12345, 12345)
    with pytest.raises(terminal.Trouble, match="belongs to another user \\(uid 12345\\)"):
        installation.check_owner(tmp_path)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("ERROR: No matching distribution found for x", "registry cannot be reached"),
        ("WARNING: Retrying (Retry(total=0", "registry cannot be reached"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "differs from the one that was locked"),
        ("ERROR: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: something else", "pip could not install"),
    ],
)
def test_what_pip_says_becomes_one_sentence(said, answer):
    assert answer in installation._explain(["Collecting x", said])


def test_a_too_old_python_gets_one_sentence(tmp_path):
    gate = (ROOT / "stack" / "bootstrap.py").read_text().replace("OLDEST, NEWEST = (3, 11)", "OLDEST, NEWEST = (3, 99)")
    (tmp_path / "bootstrap.py").write_text(gate.replace("(3, 14)", "(3, 99)"))
    done = subprocess.run([sys.executable, str(tmp_path / "bootstrap.py"), "local"], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("This needs Python 3.11 to 3.14, and ")


@pytest.mark.parametrize(("version", "usable"), [("v20.1.0", True), ("v12.22.9", False), ("nonsense", False)])
def test_an_old_node_of_the_machine_is_passed_over(tmp_path, monkeypatch, version, usable):
    for name in ("node", "npm"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {version}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "lib" / "python3.11").mkdir(parents=True)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    found = node.find_npm(python=tmp_path / "bin" / "python")
    assert (found == [str(tmp_path / "npm")]) is usable
