"""Migrating every agency's schema: the SQL of a migration is made once and sent to batches of agencies.

Each batch is one transaction with a short lock time-out, so that a busy agency delays nobody, and one whose rows do not
fit the migration stops nobody; what was refused is tried again alone, and a run that was cut off goes on where it
stopped, because each schema records its own migrations.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import RunPython
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import DatabaseError

from tenancy import template
from tenancy.wire import connection

LOCK_TIMEOUT_SECONDS = 2
BATCH = 25
Migration = tuple[str, str]


@dataclass
class Progress:
    """What a run did: schemas that changed, and the reason for each that stayed locked or did not fit."""

    total: int
    migrated: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def look_up_one_table_instead_of_all() -> None:
    """Replace the recorder's look for its table, which lists every table of the database.

    The stock look takes time that grows with the number of agencies, four to five times for each agency.
    """

    def has_table(self: MigrationRecorder) -> bool:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(quote_ident(current_schema()) || '.django_migrations') IS NOT NULL")
            return bool(cursor.fetchone()[0])

    MigrationRecorder.has_table = has_table  # type: ignore[method-assign]


def migrate(
    names: Iterable[str],
    *,
    attempts: int = 3,
    pause: Callable[[float], None] = time.sleep,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Bring the schemas up to date. `report` is called after each batch.

    A schema that still refuses after all attempts is in `refused` of the result; the others are done.
    """
    waiting = list(names)
    progress = Progress(total=len(waiting))
    batches = [waiting[start : start + BATCH] for start in range(0, len(waiting), BATCH)]
    for attempt in range(attempts):
        if attempt and batches:
            pause(LOCK_TIMEOUT_SECONDS)
        refused: list[str] = []
        for batch in batches:
            try:
                progress.migrated += _migrate_batch(batch)
            except DatabaseError as error:
                refused += batch
                progress.refused |= dict.fromkeys(batch, str(error).strip().splitlines()[0])
            else:
                for name in batch:
                    progress.refused.pop(name, None)
            report(progress)
        batches = [[name] for name in refused]
    return progress


def _migrate_batch(batch: list[str]) -> list[str]:
    sql, python = template.statements_once(), _python_migrations()
    changed = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'")
        for name in batch:
            missing = _missing(name)
            if not missing:
                continue
            changed.append(name)
            if python.intersection(missing):
                template.run_migrations(name)
                continue
            cursor.execute(f'SET LOCAL search_path = "{name}", public')
            for key in missing:
                for statement in sql[key]:
                    cursor.execute(statement)
                cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())", key)
            cursor.execute("SET LOCAL search_path = public")
    connection.search_path_set_schemas = None
    return changed


def _missing(schema: str) -> list[Migration]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT app, name FROM "{schema}".django_migrations')  # noqa: S608 - from schemas.name_for()
        done = set(cursor.fetchall())
    return [key for key in template.plan() if key not in done]


def _python_migrations() -> set[Migration]:
    nodes = MigrationLoader(None, ignore_no_migrations=True).graph.nodes
    return {key for key in template.plan() if any(isinstance(step, RunPython) for step in nodes[key].operations)}
