"""Static files collected for serving: done again only when something that goes into them has changed."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

COMMAND = (sys.executable, "manage.py", "collectstatic", "--noinput", "--clear", "--verbosity", "0")


def are_fresh(*, root: Path, var: Path) -> bool:
    """Whether what was collected last is what would be collected now."""
    stamp = var / "static"
    return (root / "staticfiles").is_dir() and stamp.exists() and stamp.read_text() == _fingerprint(root)


def note(*, root: Path, var: Path) -> None:
    """Remember what has just been collected."""
    var.mkdir(parents=True, exist_ok=True)
    (var / "static").write_text(_fingerprint(root))


def _fingerprint(root: Path) -> str:
    """Changes with any file that collectstatic could pick up: ours by size and time, packages by their lock files."""
    parts = [(root / name).read_text() for name in ("package-lock.json", "requirements/local.txt", "portal/assets.py")]
    for path in sorted([*root.glob("static/**/*"), *root.glob("*/static/**/*")]):
        if path.is_file() and not {".venv", "node_modules"}.intersection(path.parts):
            parts.append(f"{path.relative_to(root)} {path.stat().st_size} {path.stat().st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
