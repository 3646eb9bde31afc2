"""PostgreSQL and Redis together: given ones where the environment names them, else our own."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from stack import environment, leftovers, lock, postgres, redis, terminal

DATABASE = "portal"


@dataclass(frozen=True)
class Servers:
    """Where both are, and which of them are ours to keep running."""

    database_url: str
    redis_url: str
    own: tuple[postgres.Server | redis.Server, ...]

    def revive(self) -> None:
        """Starts a server of ours again if it has ended."""
        for server in self.own:
            if not server.is_running():
                terminal.say(f"  {server.data_dir.name} ended; starting it again. Its log: {server.log}")
                server.start()


@contextlib.contextmanager
def running(
    folder: Path, *, given: Mapping[str, str], settings: Mapping[str, str] | None = None, logs: Path
) -> Iterator[Servers]:
    """Starts what is not given in DATABASE_URL and REDIS_URL, with data in `folder`, and stops it at the end."""
    with contextlib.ExitStack() as stack:
        own: list[postgres.Server | redis.Server] = []
        database_url, redis_url = given.get("DATABASE_URL", ""), given.get("REDIS_URL", "")
        if not database_url:
            database = postgres.Server(folder / "postgres", settings=settings, log=logs / "postgres.log")
            stack.callback(database.stop)
            with terminal.step("Starting PostgreSQL"):
                database.start()
                database.create_database(DATABASE)
            own.append(database)
            database_url = database.url(DATABASE)
        if not redis_url:
            cache = redis.Server(folder / "redis", log=logs / "redis.log")
            stack.callback(cache.stop)
            note = "" if cache.program else " (a look-alike in Python: no Redis here)"
            with terminal.step(f"Starting Redis{note}"):
                cache.start()
            own.append(cache)
            redis_url = cache.url()
        yield Servers(database_url=database_url, redis_url=redis_url, own=tuple(own))


@contextlib.contextmanager
def throw_away(var: Path, *, given: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Servers for tests, in `var/test`, empty at the start and removed at the end; yields the environment variables."""
    folder = var / "test"
    with lock.held(var / "run" / "test.lock"):
        end_leftovers(folder)
        shutil.rmtree(folder, ignore_errors=True)
        try:
            with running(folder, given=given, settings=postgres.THROW_AWAY, logs=var / "log" / "test") as servers:
                yield environment.local(
                    ports=environment.Ports(web=environment.DEFAULT_PORT),
                    database_url=servers.database_url,
                    redis_url=servers.redis_url,
                    embedded=bool(servers.own),
                    kept=environment.keep_secrets(folder / "secrets.env"),
                )
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def end_leftovers(folder: Path) -> int:
    """Ends what an earlier run over this folder left behind; returns how many processes that were."""
    ended = leftovers.end(leftovers.marked(folder))
    if (folder / "postgres").exists():
        postgres.Server(folder / "postgres").stop()
    redis.Server(folder / "redis").end_leftover()
    return ended
