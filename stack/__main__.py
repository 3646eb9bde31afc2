"""The commands of python -m stack: up, down, reset, env, psql, test [--pages] <command>, as-production <command>."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from stack import environment, folders, installation, lock, postgres, servers, static_files, terminal, up


def down(arguments: Sequence[str]) -> int:
    """Ends the running product, and what an earlier one left behind."""
    was_running = lock.end_owner(lock.of_product(folders.VAR))
    left = servers.end_leftovers(folders.VAR)
    terminal.say("Stopped." if was_running or left else "Nothing was running.")
    return 0


def reset(arguments: Sequence[str]) -> int:
    """Ends the product and removes its data and secrets; the next `make up` starts with nothing."""
    if folders.VAR.exists():
        installation.check_owner(folders.ROOT)
    down(arguments)
    shutil.rmtree(folders.VAR, ignore_errors=True)
    terminal.say("Removed all data of this checkout. A database given by DATABASE_URL was not touched.")
    return 0


def start(arguments: Sequence[str]) -> int:
    """Runs the product until it is ended."""
    up.run()
    return 0


def env(arguments: Sequence[str]) -> int:
    """Prints the running product's environment for a shell: eval "$(.venv/bin/python -m stack env)"."""
    for name, value in _state().items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def psql(arguments: Sequence[str]) -> int:
    """Opens psql on the running product's database."""
    program = str(postgres.programs() / "psql")
    os.execv(program, [program, _state()["DATABASE_URL"], *arguments])  # noqa: S606 - the wheel's own program


def test(arguments: Sequence[str]) -> int:
    """Runs a command with servers of its own that are thrown away afterwards; its exit status is ours.

    With --pages in front of the command, static files are collected before it.
    """
    with servers.throw_away(folders.VAR, given=os.environ) as variables:
        if arguments[:1] == ["--pages"]:
            arguments = arguments[1:]
            _collect(variables)
        return _run(arguments, variables)


def as_production(arguments: Sequence[str]) -> int:
    """Runs a command with an environment as in production, without any server."""
    return _run(arguments, environment.like_production())


COMMANDS: Mapping[str, Callable[[Sequence[str]], int]] = {
    "up": start,
    "down": down,
    "reset": reset,
    "env": env,
    "psql": psql,
    "test": test,
    "as-production": as_production,
}


def main() -> int:
    """Runs the command that is named first; `--` before a command's own arguments is allowed."""
    name, *arguments = sys.argv[1:] or [""]
    if name not in COMMANDS:
        sys.exit(f"python -m stack {' | '.join(COMMANDS)}")
    if arguments[:1] == ["--"]:
        arguments = arguments[1:]
    try:
        return COMMANDS[name](arguments)
    except terminal.Trouble as trouble:
        sys.exit(terminal.sentence(trouble))
    except KeyboardInterrupt:
        return 130


def _collect(variables: Mapping[str, str]) -> None:
    if static_files.are_fresh(root=folders.ROOT, var=folders.VAR):
        return
    with terminal.step("Collecting static files"):
        if _run(static_files.COMMAND, variables):
            raise terminal.Trouble("static files could not be collected; the lines above say why.")
    static_files.note(root=folders.ROOT, var=folders.VAR)


def _state() -> dict[str, str]:
    try:
        found = json.loads(up.state_path(folders.VAR).read_text())
    except OSError as error:
        raise terminal.Trouble("nothing is running here; start it with make up.") from error
    return {str(name): str(value) for name, value in found.items()}


def _run(command: Sequence[str], variables: Mapping[str, str]) -> int:
    """Ctrl-C is for the command, which shares our terminal; we wait for it. SIGTERM is passed on."""
    process = subprocess.Popen(list(command), env={**os.environ, **variables}, cwd=folders.ROOT)  # noqa: S603 - what the caller asked for
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
    return process.wait()


if __name__ == "__main__":
    sys.exit(main())
