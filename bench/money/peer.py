"""django-hordak beside the ledger: installed from its own lock file into `var/bench`, in a database of its own."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.crew import Crew
from bench.ground import FOLDER, LOGS, Ground
from stack import terminal

HERE = FOLDER / "hordak"
LOCK = Path(__file__).parents[1] / "hordak" / "requirements.txt"


def install(ground: Ground) -> Path:
    """The interpreter of hordak's environment, which is made when it is missing or of another lock file."""
    python, stamp = HERE / "bin" / "python", HERE / "installed"
    wanted = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != wanted:
        uv = [sys.executable, "-m", "uv", "--quiet"]
        with terminal.step("Installing django-hordak for comparison"):
            shutil.rmtree(HERE, ignore_errors=True)
            ground.run(*uv, "venv", "--python", sys.executable, str(HERE))
            pinned = ["--require-hashes", "--build-constraints", str(LOCK), "-r", str(LOCK)]
            ground.run(*uv, "pip", "install", "--python", str(python), *pinned)
            stamp.write_text(wanted)
    return python


@contextmanager
def bookkeepers(ground: Ground, *, size: int) -> Iterator[Crew]:
    """Processes that transfer with hordak."""
    python = str(install(ground))
    variables = {"HORDAK_URL": ground.other_database("hordak"), "DJANGO_SETTINGS_MODULE": "bench.hordak.settings"}
    with terminal.step("Making hordak's accounts"):
        ground.run(python, "-m", "bench.hordak.bookkeeper", "prepare", **variables)
    command = [python, "-m", "bench.hordak.bookkeeper"]
    with Crew(command, size=size, environment=variables, log=LOGS / "hordak.log") as crew:
        yield crew
