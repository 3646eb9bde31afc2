"""Lays out `.venv` and `node_modules` exactly as the lock files say, and never trusts a half-made one.

A stamp is written last and holds a hash of what was installed; without it, or with another, the folder is made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from stack import lock, node, terminal

LEVELS = ("local", "dev")
"""Each level's lock file holds everything of the level before it."""


def prepare(*, root: Path, level: str) -> Path:
    """Makes both folders fit the lock files and returns the environment's interpreter.

    Raises Trouble with a sentence when a registry is out of reach or the folder cannot be written.
    """
    check_owner(root)
    python = root / ".venv" / "bin" / "python"
    log = root / "var" / "log" / "install.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    if not _holds(root=root, levels=LEVELS[LEVELS.index(level) :]):
        if not _holds(root=root, levels=LEVELS):
            _make_environment(root)
        install_lock(root=root, name=f"{level}.txt", label="Installing Python packages", log=log)
        _stamp(root).write_text(json.dumps(_fingerprint(root, level)))
    node.install_packages(root=root, python=python, log=log)
    return python


def check_owner(root: Path) -> None:
    """Refuses to mix users: root's files in a person's `var/` would lock that person out later."""
    for folder in (root / "var", root / ".venv"):
        if folder.exists() and folder.stat().st_uid != os.getuid():
            raise terminal.Trouble(
                f"{folder.name}/ belongs to another user (uid {folder.stat().st_uid}): "
                f"run this as that user, or remove {folder} first."
            )
    if not os.access(root, os.W_OK):
        raise terminal.Trouble(f"{root} cannot be written by this user: make a copy of the checkout that is yours.")


def _stamp(root: Path) -> Path:
    return root / ".venv" / "installed.json"


def _holds(*, root: Path, levels: Sequence[str]) -> bool:
    """Whether `.venv` was completed with one of these levels' lock files as they are now."""
    if not _stamp(root).is_file() or not os.access(root / ".venv" / "bin" / "python", os.X_OK):
        return False
    try:
        found = json.loads(_stamp(root).read_text())
    except ValueError:
        return False
    return found in [_fingerprint(root, level) for level in levels]


def _fingerprint(root: Path, level: str) -> dict[str, str]:
    """The path is part of it, because scripts inside an environment name their interpreter by its full path."""
    content = (root / "requirements" / f"{level}.txt").read_bytes()
    return {
        "level": level,
        "lock": hashlib.sha256(content).hexdigest(),
        "python": sys.version.split()[0],
        "path": str(root),
    }


def _make_environment(root: Path) -> None:
    folder = root / ".venv"
    if folder.exists():
        if not lock.is_free(lock.of_product(root / "var")):
            raise terminal.Trouble("the portal is running from a .venv that has to be made anew: make down first.")
        why = "out of date" if _stamp(root).is_file() else "half-made"
        with terminal.step(f"Removing the old .venv, which is {why}"):
            shutil.rmtree(folder)
    with terminal.step(f"Making .venv with Python {sys.version.split()[0]}"):
        try:
            venv.EnvBuilder(symlinks=True, with_pip=True).create(folder)
        except (subprocess.CalledProcessError, ImportError, OSError) as error:
            raise terminal.Trouble(
                "this Python cannot make a virtual environment; on Debian and Ubuntu, apt-get install python3-venv, "
                "or name another Python: make up PYTHON=python3.12",
                detail=str(error),
            ) from error


def install_lock(*, root: Path, name: str, label: str, log: Path) -> None:
    """Installs one lock file into `.venv`, wheels only, every file checked against its hash."""
    path = root / "requirements" / name
    total = sum(1 for line in path.read_text().splitlines() if "==" in line and not line.startswith((" ", "#")))
    command = [str(root / ".venv" / "bin" / "python"), "-m", "pip", "install", "--require-hashes", "--no-deps"]
    command += ["--only-binary", ":all:", "--no-input", "--no-compile", "--disable-pip-version-check"]
    command += ["--progress-bar", "off", "-r", str(path)]
    with terminal.step(label) as current:
        lines = _run(command, log=log, current=current, total=total)
    if lines is not None:
        raise terminal.Trouble(_explain(lines), detail="\n".join(_errors(lines)[-3:]) + f"\nEverything: {log}")


def _run(command: list[str], *, log: Path, current: terminal.Step, total: int) -> list[str] | None:
    """Runs pip, shows its progress, and returns its output if it failed."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    collected, lines = 0, []
    with log.open("a") as file:
        process = subprocess.Popen(  # noqa: S603 - pip of our own environment
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=environment
        )
        for line in process.stdout or ():
            file.write(line)
            lines.append(line.rstrip())
            if line.startswith("Collecting "):
                collected += 1
                current.progress(f"{collected} of {total}: {line.split()[1].split('==')[0]}")
            elif line.startswith("Installing collected"):
                current.progress("unpacking")
            elif "Retrying" in line:
                current.progress("the registry does not answer, trying again")
    return None if process.wait() == 0 else lines


def _errors(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith(("ERROR", "WARNING"))] or lines


def _explain(lines: list[str]) -> str:
    text = "\n".join(lines)
    if "THESE PACKAGES DO NOT MATCH THE HASHES" in text:
        return "a package differs from the one that was locked, so nothing of it was installed."
    if "No space left" in text:
        return "the disk is full."
    unreachable = ("Retrying", "connection", "Connection", "Name or service", "No matching distribution", "timed out")
    if any(word in text for word in unreachable):
        return "the Python package registry cannot be reached; check the network or pip's settings, then try again."
    return "pip could not install the packages."
