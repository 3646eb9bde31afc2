"""The first thing `make` runs: prepares `.venv` with the machine's own Python and goes on inside it.

The version is checked before anything of ours is imported, so that an old Python meets a sentence.
"""

import sys

OLDEST, NEWEST = (3, 11), (3, 14)

if not OLDEST <= sys.version_info[:2] <= NEWEST:
    sys.exit(
        f"This needs Python 3.11 to 3.14, and {sys.executable} is {sys.version.split()[0]}. "
        "Install one of them, or name it: make up PYTHON=python3.12"
    )

import os  # noqa: E402 - the check above must come first
from pathlib import Path  # noqa: E402 - as above

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)

from stack import installation, terminal  # noqa: E402 - as above


def main() -> None:
    """Installs what the first argument asks for (`local` or `dev`), then becomes `python -m stack <the rest>`."""
    level, *command = sys.argv[1:]
    try:
        python = installation.prepare(root=ROOT, level=level)
    except terminal.Trouble as trouble:
        sys.exit(terminal.sentence(trouble))
    except KeyboardInterrupt:
        sys.exit("\nStopped. The same command goes on from here.")
    if command:
        os.chdir(ROOT)
        os.execv(python, [str(python), "-m", "stack", *command])  # noqa: S606 - our own interpreter, no shell wanted


main()
