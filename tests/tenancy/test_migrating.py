from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from tenancy import migrating, template

NAMES = ["a_910001", "a_910002", "a_910003"]
NEW = ("billing", "9999_colour")


@pytest.fixture
def agencies(django_db_setup: None, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three committed schemas, and a migration that none of them has."""
    with django_db_blocker.unblock():
        for name in NAMES:
            with transaction.atomic():
                template.create_schema(name)
        plan, sql = template.plan(), {NEW: ["ALTER TABLE billing_package ADD COLUMN colour text"]}
        monkeypatch.setattr(template, "plan", lambda: [*plan, NEW])
        monkeypatch.setattr(template, "statements_once", lambda: sql)
        monkeypatch.setattr(migrating, "_python_migrations", set)
        monkeypatch.setattr(migrating, "LOCK_TIMEOUT_SECONDS", 0.2)
        monkeypatch.setattr(migrating, "BATCH", 2)
        yield
        with connection.cursor() as cursor:
            for name in NAMES:
                cursor.execute(f'DROP SCHEMA "{name}" CASCADE')


@pytest.fixture
def busy(agencies: None) -> Iterator[psycopg.Connection]:
    """Somebody else works in the first agency, and does not end."""
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
        other.execute(f"LOCK TABLE {NAMES[0]}.billing_package IN ACCESS SHARE MODE")
        yield other
        other.rollback()


def migrated() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_schema FROM information_schema.columns WHERE table_name = 'billing_package'"
            " AND column_name = 'colour' ORDER BY 1"
        )
        return [name for (name,) in cursor.fetchall()]


def no_pause(seconds: float) -> None:
    """The tests do not wait for an agency that stays busy."""


def test_every_agency_is_migrated_once(agencies: None) -> None:
    assert migrating.migrate(NAMES).migrated == NAMES
    assert migrated() == NAMES
    assert migrating.migrate(NAMES).migrated == []


def test_an_agency_that_is_busy_delays_nobody_and_is_reported(busy: psycopg.Connection) -> None:
    progress = migrating.migrate(NAMES, pause=no_pause)
    assert sorted(progress.migrated) == migrated() == NAMES[1:]
    assert list(progress.refused) == [NAMES[0]]
    assert "lock timeout" in progress.refused[NAMES[0]]


def test_an_agency_that_was_busy_is_done_by_the_next_run(busy: psycopg.Connection) -> None:
    migrating.migrate(NAMES, pause=no_pause)
    busy.rollback()
    progress = migrating.migrate(NAMES, pause=no_pause)
    assert (progress.migrated, progress.refused) == ([NAMES[0]], {})


def test_an_agency_that_becomes_free_is_done_in_the_same_run(busy: psycopg.Connection) -> None:
    progress = migrating.migrate(NAMES, pause=lambda seconds: busy.rollback())
    assert (sorted(progress.migrated), progress.refused) == (NAMES, {})


def test_an_agency_whose_rows_do_not_fit_stops_nobody_and_is_reported(agencies: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {NAMES[0]}.billing_package ADD COLUMN colour int")
    progress = migrating.migrate(NAMES, pause=no_pause)
    assert sorted(progress.migrated) == NAMES[1:]
    assert "already exists" in progress.refused[NAMES[0]]


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(agencies: None) -> None:
    def cut_off(progress: migrating.Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        migrating.migrate(NAMES, report=cut_off)
    assert migrated() == NAMES[:2]
    assert migrating.migrate(NAMES).migrated == NAMES[2:]


def test_progress_is_told_after_each_batch(agencies: None) -> None:
    told: list[int] = []
    migrating.migrate(NAMES, report=lambda progress: told.append(len(progress.migrated)))
    assert told == [2, 3]
