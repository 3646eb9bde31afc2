"""JSON documents by kind and id in one SQLite file.

A change is committed before the call returns, so a restart finds everything where it was.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    owner TEXT NOT NULL,
    tag TEXT NOT NULL,
    at REAL NOT NULL,
    due REAL,
    body TEXT NOT NULL,
    UNIQUE (kind, id)
);
CREATE INDEX IF NOT EXISTS documents_by_owner ON documents (kind, owner, at DESC, seq DESC);
CREATE INDEX IF NOT EXISTS documents_by_time ON documents (kind, at DESC, seq DESC);
CREATE INDEX IF NOT EXISTS documents_by_tag ON documents (kind, tag) WHERE tag <> '';
CREATE INDEX IF NOT EXISTS documents_due ON documents (due) WHERE due IS NOT NULL;
"""


class AlreadyThere(Exception):
    """A document of this kind and id exists."""


class Store:
    """All state of the sandbox; safe to use from any thread."""

    def __init__(self, path: str | Path) -> None:
        if str(path) != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, one thread at a time; may be nested. Never hold it over a network call."""
        with self._lock:
            outermost = self._depth == 0
            if outermost:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                if outermost:
                    self._connection.execute("ROLLBACK")
                raise
            else:
                if outermost:
                    self._connection.execute("COMMIT")
            finally:
                self._depth -= 1

    def add(
        self,
        kind: str,
        id_: str,
        body: Document,
        *,
        owner: str = "",
        tag: str = "",
        at: float | None = None,
        due: float | None = None,
    ) -> None:
        """A new document. `at` (Unix seconds) orders lists, at `due` the clock hands it out. AlreadyThere if taken."""
        row = (kind, id_, owner, tag, time.time() if at is None else at, due, json.dumps(body))
        with self.transaction():
            try:
                self._connection.execute(
                    "INSERT INTO documents (kind, id, owner, tag, at, due, body) VALUES (?, ?, ?, ?, ?, ?, ?)", row
                )
            except sqlite3.IntegrityError as error:
                raise AlreadyThere(f"{kind} {id_}") from error

    def save(self, kind: str, id_: str, body: Document, *, tag: str | None = None) -> None:
        """Replaces the body (and the tag, when given) of a document that exists."""
        with self.transaction():
            self._connection.execute(
                "UPDATE documents SET body = ?, tag = coalesce(?, tag) WHERE kind = ? AND id = ?",
                (json.dumps(body), tag, kind, id_),
            )

    def arm(self, kind: str, id_: str, due: float | None) -> None:
        """Sets when the clock hands this document out next; None for never."""
        with self.transaction():
            self._connection.execute("UPDATE documents SET due = ? WHERE kind = ? AND id = ?", (due, kind, id_))

    def delete(self, kind: str, id_: str) -> bool:
        with self.transaction():
            cursor = self._connection.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, id_))
            return cursor.rowcount > 0

    def get(self, kind: str, id_: str) -> Document | None:
        with self._lock:
            row = self._connection.execute(
                "SELECT body FROM documents WHERE kind = ? AND id = ?", (kind, id_)
            ).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def find(
        self,
        kind: str,
        *,
        owner: str | Sequence[str] | None = None,
        tag: str | None = None,
        field: tuple[str, str] | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = -1,
        offset: int = 0,
    ) -> list[Document]:
        """Documents, newest first, of one owner or of several.

        `since` and `until` are included; `field` is a (name, text) the body has.
        """
        where, values = _conditions(kind, owner, tag, field, since, until)
        # Few documents share a tag: they are found by it and sorted then, instead of being met on the way through all.
        order = "at DESC, seq DESC" if tag is None else "+at DESC, +seq DESC"
        with self._lock:
            rows = self._connection.execute(
                f"SELECT body FROM documents WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",  # noqa: S608  constant text
                [*values, limit, offset],
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def count_and_sum(
        self,
        kind: str,
        *,
        sum_of: str = "nothing",
        owner: str | Sequence[str] | None = None,
        tag: str | None = None,
        field: tuple[str, str] | None = None,
        since: float | None = None,
        until: float | None = None,
    ) -> tuple[int, int]:
        """How many documents `find` would give without a limit, and the sum of one whole-number field of theirs."""
        where, values = _conditions(kind, owner, tag, field, since, until)
        with self._lock:
            row = self._connection.execute(
                f"SELECT count(*), coalesce(sum(json_extract(body, ?)), 0) FROM documents WHERE {where}",  # noqa: S608  constant text
                [f"$.{sum_of}", *values],
            ).fetchone()
        return int(row[0]), int(row[1])

    def count(self, kind: str, *, owner: str | None = None, tag: str | None = None) -> int:
        return self.count_and_sum(kind, owner=owner, tag=tag)[0]

    def due(self, now: float, limit: int = 50) -> list[tuple[str, str]]:
        """(kind, id) of what is due at `now`, the longest overdue first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT kind, id FROM documents WHERE due IS NOT NULL AND due <= ? ORDER BY due, seq LIMIT ?",
                (now, limit),
            ).fetchall()
        return [(str(row[0]), str(row[1])) for row in rows]

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _conditions(
    kind: str,
    owner: str | Sequence[str] | None,
    tag: str | None,
    field: tuple[str, str] | None,
    since: float | None,
    until: float | None,
) -> tuple[str, list[Any]]:
    parts: list[tuple[str, list[Any]]] = [("kind = ?", [kind])]
    if isinstance(owner, str):
        parts.append(("owner = ?", [owner]))
    elif owner is not None:
        parts.append((f"owner IN ({', '.join('?' * len(owner))})", list(owner)))
    if tag is not None:
        # The second half is for the index, which has no documents without a tag.
        parts.append(("tag = ? AND tag <> ''", [tag]))
    if field is not None:
        parts.append(("json_extract(body, ?) = ?", [f"$.{field[0]}", field[1]]))
    if since is not None:
        parts.append(("at >= ?", [since]))
    if until is not None:
        parts.append(("at <= ?", [until]))
    return " AND ".join(text for text, _ in parts), [value for _, values in parts for value in values]
