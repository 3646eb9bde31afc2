"""Dropping an agency's schema: counted and dropped under one lock, so that the count is of what went.

To be called in one transaction of the caller's, who keeps the count in it.
"""

from tenancy import schemas
from tenancy.wire import connection

_LOCK_TIMEOUT_SECONDS = 5
_TABLES = """
SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace(%s) ORDER BY relname
"""


class NoSuchSchema(LookupError):
    """The schema is gone already, or never was there."""


class NotAnAgencys(ValueError):
    """Only what belongs to an agency may be dropped."""


def hold(schema: str) -> list[str]:
    """Lock every table of an agency's schema against everybody until the transaction ends; their names.

    Raises NotAnAgencys, NoSuchSchema, and django.db.OperationalError when somebody holds one for too long.
    """
    if schemas.agency_id_of(schema) is None:
        raise NotAnAgencys(schema)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT_SECONDS}s'")
        cursor.execute(_TABLES, [schema])
        tables = [str(name) for (name,) in cursor.fetchall()]
        if not tables:
            raise NoSuchSchema(schema)
        names = ", ".join(f'"{schema}"."{table}"' for table in tables)
        cursor.execute(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
    return tables


def count(schema: str, tables: list[str]) -> dict[str, int]:
    """How many rows each of the tables has."""
    counted = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{schema}"."{table}"')  # noqa: S608 - names from the catalog
            counted[table] = int(cursor.fetchone()[0])
    return counted


def drop(schema: str) -> None:
    """Drop the schema with everything in it. Raises NotAnAgencys."""
    if schemas.agency_id_of(schema) is None:
        raise NotAnAgencys(schema)
    with connection.cursor() as cursor:
        # What deferred constraints still have to look at would be in the way.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f'DROP SCHEMA "{schema}" CASCADE')
