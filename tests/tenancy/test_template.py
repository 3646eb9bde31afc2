"""An agency that is opened by the template has the schema that the migrations would have made."""

from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from tenancy import template

pytestmark = pytest.mark.django_db
BY_TEMPLATE, BY_MIGRATIONS = "a_900001", "a_900002"

CATALOG = {
    "columns": """
        SELECT c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
               pg_get_expr(d.adbin, d.adrelid), a.attcollation::regcollation::text
          FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid
           AND d.adnum = a.attnum WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'r' AND a.attnum > 0""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, contype, condeferrable, condeferred, convalidated,
               pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = %s::regnamespace""",
    "indexes": """
        SELECT i.indrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
          JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = %s::regnamespace""",
    "functions": "SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = %s::regnamespace",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(t.oid) FROM pg_trigger t
          JOIN pg_class c ON c.oid = tgrelid WHERE c.relnamespace = %s::regnamespace AND NOT tgisinternal""",
    "options": "SELECT relname, relkind, reloptions FROM pg_class WHERE relnamespace = %s::regnamespace",
    "migrations": "SELECT app, name FROM {schema}.django_migrations WHERE %s <> '' ORDER BY id",
}


def catalog(schema: str) -> dict[str, list[str]]:
    """Everything PostgreSQL knows of the schema, without its name."""
    with connection.cursor() as cursor:
        known = {}
        for what, sql in CATALOG.items():
            cursor.execute(sql.format(schema=schema), [schema])
            known[what] = sorted(str(row).replace(schema, "schema") for row in cursor.fetchall())
    return known


@pytest.fixture
def both(db: None) -> Iterator[tuple[dict[str, list[str]], dict[str, list[str]]]]:
    with transaction.atomic():
        template.create_schema(BY_TEMPLATE)
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE SCHEMA "{BY_MIGRATIONS}"')
        template.run_migrations(BY_MIGRATIONS)
        yield catalog(BY_TEMPLATE), catalog(BY_MIGRATIONS)
        transaction.set_rollback(True)


def test_template_and_migrations_make_the_same_schema(
    both: tuple[dict[str, list[str]], dict[str, list[str]]],
) -> None:
    by_template, by_migrations = both
    for what in CATALOG:
        ours, theirs = by_template[what], by_migrations[what]
        if what == "migrations":
            assert sorted(ours) == sorted(theirs)
            continue
        assert ours, what
        assert ours == theirs, what


def test_the_comparison_sees_a_difference(both: tuple[dict[str, list[str]], dict[str, list[str]]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER ledger_entries_stay ON {BY_TEMPLATE}.billing_ledgerentry")
        cursor.execute(f"ALTER TABLE {BY_TEMPLATE}.clients_client ALTER name DROP NOT NULL")
    now = catalog(BY_TEMPLATE)
    assert now["triggers"] != both[1]["triggers"]
    assert now["columns"] != both[1]["columns"]


def test_the_stored_template_is_the_one_the_migrations_give() -> None:
    assert template.render() == template.FILE.read_text()


def test_the_check_tells_an_old_template(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(template, "render", lambda: "-- something newer\n")
    with pytest.raises(CommandError, match="out of date"):
        call_command("agency_template", check=True)


def test_a_schema_that_is_not_finished_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template, "script", lambda: "CREATE TABLE one (id int); SELECT 1 / 0;")
    with pytest.raises(Exception, match="division by zero"), transaction.atomic():
        template.create_schema("a_900003")
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace('a_900003')")
        assert cursor.fetchone() == (None,)
